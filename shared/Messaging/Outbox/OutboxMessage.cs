using System.Text.Json.Serialization;
using ForgeShop.Contracts;

namespace ForgeShop.Messaging;

public enum OutboxStatus : short
{
    Pending = 0,
    Published = 1,

    /// <summary>Kafka refused it for good; <see cref="OutboxMessage.Error"/> says why.</summary>
    Dead = 2,
}

/// <summary>An event as it was emitted, and what became of it: a row of the table outbox, or an entry in its document.</summary>
public sealed class OutboxMessage
{
    /// <summary>Buckets are what relays share among themselves: a key's bucket belongs to one relay at a time.</summary>
    public const int Buckets = 16;

    /// <summary>The order of insertion, given by the database. Not the order of commits: never to be remembered as "read up to here".</summary>
    [JsonIgnore]
    public long Seq { get; init; }

    public required EventId Id { get; init; }
    public required string Topic { get; init; }
    public required string Type { get; init; }
    public required string Source { get; init; }
    public required Guid Subject { get; init; }
    public required long Sequence { get; init; }
    public required int DataVersion { get; init; }

    /// <summary>The data as JSON, exactly as it will be sent.</summary>
    public required string Payload { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
    public CorrelationId? CorrelationId { get; init; }
    public EventId? CausationId { get; init; }
    public string? TraceParent { get; init; }
    public string? TraceState { get; init; }

    [JsonIgnore]
    public short Bucket { get; init; }

    public OutboxStatus Status { get; set; }
    public int Attempts { get; set; }
    public DateTimeOffset NextAttemptAt { get; set; }
    public string? Error { get; set; }

    public DateTimeOffset? PublishedAt { get; set; }

    /// <summary>Where Kafka put it: how the relay notices that Kafka has lost it.</summary>
    public int? Partition { get; set; }

    /// <inheritdoc cref="Partition"/>
    public long? Offset { get; set; }

    /// <summary>The Kafka key: 36 lower-case ASCII characters.</summary>
    [JsonIgnore]
    public string Key => Subject.ToString("D");
}
