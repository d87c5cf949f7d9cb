using ForgeShop.Contracts.Events;

namespace ForgeShop.Messaging.Tests;

/// <summary>What the tests' aggregate announces.</summary>
public sealed record CounterChanged(Guid CounterId, long Value, string Note) : IEventData
{
    public static string Type => "counter.changed";
    public static string Topic => "counter.events";
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
}
