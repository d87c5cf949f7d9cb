using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Messaging.Tests;

/// <summary>What the tests' aggregate announces.</summary>
public sealed record CounterChanged(Guid CounterId, long Value, string Note) : IEventData
{
    public static string Type => "counter.changed";
    public static string Topic => "counter.events";
}

/// <summary>An event that was called otherwise once: version 1 had no colour, version 2 called the label "title".</summary>
public sealed record CounterLabelled(Guid CounterId, string Label, string Colour) : IEventData
{
    public static string Type => "counter.labelled";
    public static string Topic => "counter.events";
    public static int DataVersion => 3;

    public static JsonObject Upcast(JsonObject data, int version)
    {
        if (version == 1)
            data["colour"] = "grey";
        return version == 2 ? data.Rename("title", "label") : data;
    }
}

/// <summary>An event of the same topic that nobody handles.</summary>
public sealed record CounterRenamed(Guid CounterId, string Name) : IEventData
{
    public static string Type => "counter.renamed";
    public static string Topic => "counter.events";
}

/// <summary>What handlers do wrong when a test wants them to.</summary>
public sealed class Faults
{
    public Func<CounterChanged, EventContext, Task> BeforeHandling { get; set; } = (_, _) => Task.CompletedTask;

    public Func<CounterChanged, EventContext, Task> AfterHandling { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>The labels that were handled, so that tests see what handlers saw.</summary>
    public ConcurrentQueue<CounterLabelled> Labels { get; } = [];
}
