using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Messaging;

/// <summary>Makes the outbox entry of an event or command: its derived ID, and the trace and correlation under which it happened.</summary>
internal sealed class OutboxWriter(ForgeIds ids, ServiceName service, TimeProvider time)
{
    public OutboxMessage Write<TEvent>(Guid subject, long sequence, TEvent data) where TEvent : IEventData
    {
        var origin = Origin.Current;
        // Whole microseconds, as the database keeps them: what is read back is what was written.
        var now = time.GetUtcNow();
        now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        return new OutboxMessage
        {
            Id = ids.Event(subject, TEvent.Type, sequence),
            Topic = TEvent.Topic,
            Type = TEvent.Type,
            Source = service.Source,
            Subject = subject,
            Sequence = sequence,
            DataVersion = TEvent.DataVersion,
            Payload = JsonSerializer.Serialize(data, ContractsJson.Options),
            OccurredAt = now,
            CorrelationId = origin.CorrelationId,
            CausationId = origin.CausationId,
            TraceParent = origin.TraceParent,
            TraceState = origin.TraceState,
            Bucket = BucketOf(subject),
            NextAttemptAt = now,
        };
    }

    /// <summary>Stable for good: it is stored, and every replica must agree. IDs are hashes already, so their last byte will do.</summary>
    private static short BucketOf(Guid subject)
    {
        Span<byte> bytes = stackalloc byte[16];
        subject.TryWriteBytes(bytes, bigEndian: true, out _);
        return (short)(bytes[15] % OutboxMessage.Buckets);
    }
}

/// <summary>The service's name: consumer group, and CloudEvents source of what it publishes.</summary>
internal sealed record ServiceName(string Value)
{
    public string Source => "/" + Value;
}
