using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Messaging;

/// <summary>What is known of an event besides its data: the CloudEvents attributes, and where it was read.</summary>
public record EventContext
{
    private static readonly AsyncLocal<EventContext?> Ambient = new();

    /// <summary>The event that is being handled right now, if any: the cause of what is emitted meanwhile.</summary>
    public static EventContext? Current
    {
        get => Ambient.Value;
        internal set => Ambient.Value = value;
    }

    /// <summary>Derived from <see cref="Subject"/>, <see cref="Type"/> and <see cref="Sequence"/>, and checked against them on arrival.</summary>
    public required EventId Id { get; init; }

    public required string Type { get; init; }

    /// <summary>The service that published it, as <c>/orders</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The aggregate that it is about.</summary>
    public required Guid Subject { get; init; }

    /// <summary>Counts the events of <see cref="Subject"/> in this topic, from 1 and without gaps.</summary>
    public required long Sequence { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>The version of the data's shape, from 1.</summary>
    public required int DataVersion { get; init; }

    /// <summary>What one request set going, across all services.</summary>
    public CorrelationId? CorrelationId { get; init; }

    /// <summary>The event whose handling caused this one.</summary>
    public EventId? CausationId { get; init; }

    /// <summary>W3C trace context of the publishing, as in the message's header.</summary>
    public string? TraceParent { get; init; }

    /// <inheritdoc cref="TraceParent"/>
    public string? TraceState { get; init; }

    public required string Topic { get; init; }
}

/// <summary>An event with its data as it came.</summary>
public sealed record EventEnvelope : EventContext
{
    public EventEnvelope()
    {
    }

    [SetsRequiredMembers]
    internal EventEnvelope(EventContext context, JsonElement data) : base(context) => Data = data;

    public required JsonElement Data { get; init; }
}
