using ForgeShop.Forge.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ForgeShop.Messaging;

/// <summary>
/// An event or command to be published: a row of the table outbox, written in the transaction of the change that it is about. Its unique ID
/// is derived from subject, type and sequence, so the same event cannot be written twice.
/// </summary>
public sealed class OutboxMessage
{
    public required EventId EventId { get; init; }

    /// <summary>The order in which the relay publishes.</summary>
    public long Seq { get; init; }

    public required string Topic { get; init; }

    public required string Type { get; init; }

    /// <summary>The aggregate; its text is the Kafka key.</summary>
    public required Guid Subject { get; init; }

    public required long Sequence { get; init; }

    public required int Version { get; init; }

    public required string Payload { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }

    public required MessageOrigin Origin { get; init; }

    /// <summary>The time of Kafka's acknowledgement.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>The reason why Kafka refuses the message for good. The relay passes over such a message until a replay.</summary>
    public string? Error { get; init; }

    internal static void Configure(EntityTypeBuilder<OutboxMessage> outbox)
    {
        outbox.ToTable("outbox");
        // EF Core inserts rows in the order of their keys. With the identity as key that is the order in which the events were emitted.
        outbox.HasKey(m => m.Seq);
        outbox.Property(m => m.EventId).HasConversion<TypedIdConverter<EventId>>();
        outbox.Property(m => m.Seq).UseIdentityAlwaysColumn();
        // json and not jsonb: the bytes stay as written, and psql still shows them.
        outbox.Property(m => m.Payload).HasColumnType("json");
        outbox.ComplexProperty(m => m.Origin, origin => origin.MapOrigin());

        outbox.HasIndex(m => m.EventId).IsUnique();
        // The index contains only what is left to publish, so the relay's read costs the same however large the table is.
        outbox.HasIndex(m => m.Seq).HasFilter("published_at IS NULL AND error IS NULL").HasDatabaseName("ix_outbox_unpublished");
        // Rows lie in the order of time: a BRIN index of a few pages finds the ones to delete or to replay.
        outbox.HasIndex(m => m.OccurredAt).HasMethod("brin");
    }
}

/// <summary>The ID of a handled event: a row of the table inbox. That it cannot be inserted twice makes every handler idempotent.</summary>
public sealed class InboxMessage
{
    public required EventId EventId { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    internal static void Configure(EntityTypeBuilder<InboxMessage> inbox)
    {
        inbox.ToTable("inbox");
        inbox.HasKey(m => m.EventId);
        inbox.Property(m => m.EventId).HasConversion<TypedIdConverter<EventId>>();
        inbox.HasIndex(m => m.ReceivedAt).HasMethod("brin");
    }
}

public static class ModelBuilderExtensions
{
    /// <summary>Maps the tables outbox and inbox; the context names columns in snake_case.</summary>
    public static ModelBuilder AddMessaging(this ModelBuilder model) =>
        model.Entity<OutboxMessage>(OutboxMessage.Configure).Entity<InboxMessage>(InboxMessage.Configure);

    /// <summary>Maps a <see cref="MessageOrigin"/> to columns of its owner's row.</summary>
    public static void MapOrigin(this ComplexPropertyBuilder<MessageOrigin> origin)
    {
        origin.Property(o => o.CausationId).HasColumnName("causation_id").HasConversion<TypedIdConverter<EventId>>();
        origin.Property(o => o.CorrelationId).HasColumnName("correlation_id").HasConversion<TypedIdConverter<CorrelationId>>();
        origin.Property(o => o.TraceParent).HasColumnName("trace_parent");
        origin.Property(o => o.TraceState).HasColumnName("trace_state");
    }
}
