using ForgeShop.Contracts;
using ForgeShop.Forge.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ForgeShop.Messaging;

public static class ModelBuilderExtensions
{
    /// <summary>Maps the tables outbox, inbox_stream, inbox_parked and inbox_position.</summary>
    public static ModelBuilder AddMessaging(this ModelBuilder model)
    {
        model.Entity<OutboxMessage>(Configure);
        model.Entity<InboxStream>(Configure);
        model.Entity<InboxParked>(Configure);
        model.Entity<InboxPosition>(Configure);
        return model;
    }

    /// <summary>Maps an <see cref="Origin"/> to columns of its owner's row.</summary>
    public static void MapOrigin(this ComplexPropertyBuilder<Origin> origin)
    {
        origin.Property(o => o.CausationId).HasColumnName("causation_id").HasConversion<TypedIdConverter<EventId>>();
        origin.Property(o => o.CorrelationId).HasColumnName("correlation_id").HasConversion<TypedIdConverter<CorrelationId>>();
        origin.Property(o => o.TraceParent).HasColumnName("trace_parent");
        origin.Property(o => o.TraceState).HasColumnName("trace_state");
    }

    private static void Configure(EntityTypeBuilder<OutboxMessage> outbox)
    {
        outbox.ToTable("outbox");
        // The identity column is the key, so that EF Core inserts events in the order in which they were emitted and not by ID.
        outbox.HasKey(m => m.Seq).HasName("pk_outbox");
        outbox.Property(m => m.Seq).HasColumnName("seq").UseIdentityAlwaysColumn();
        outbox.Property(m => m.Id).HasColumnName("id").HasConversion<TypedIdConverter<EventId>>();
        outbox.Property(m => m.Topic).HasColumnName("topic");
        outbox.Property(m => m.Type).HasColumnName("type");
        outbox.Property(m => m.Source).HasColumnName("source");
        outbox.Property(m => m.Subject).HasColumnName("subject");
        outbox.Property(m => m.Sequence).HasColumnName("sequence");
        outbox.Property(m => m.DataVersion).HasColumnName("data_version");
        // json, not jsonb: kept byte for byte, and still readable in psql.
        outbox.Property(m => m.Payload).HasColumnName("payload").HasColumnType("json");
        outbox.Property(m => m.OccurredAt).HasColumnName("occurred_at");
        outbox.Property(m => m.CorrelationId).HasColumnName("correlation_id").HasConversion<TypedIdConverter<CorrelationId>>();
        outbox.Property(m => m.CausationId).HasColumnName("causation_id").HasConversion<TypedIdConverter<EventId>>();
        outbox.Property(m => m.TraceParent).HasColumnName("trace_parent");
        outbox.Property(m => m.TraceState).HasColumnName("trace_state");
        outbox.Property(m => m.Bucket).HasColumnName("bucket");
        outbox.Property(m => m.Status).HasColumnName("status").HasConversion<short>();
        outbox.Property(m => m.Attempts).HasColumnName("attempts");
        outbox.Property(m => m.NextAttemptAt).HasColumnName("next_attempt_at");
        outbox.Property(m => m.Error).HasColumnName("error");
        outbox.Property(m => m.PublishedAt).HasColumnName("published_at");
        outbox.Property(m => m.Partition).HasColumnName("log_partition");
        outbox.Property(m => m.Offset).HasColumnName("log_offset");
        outbox.Ignore(m => m.Key);

        outbox.HasIndex(m => m.Id).IsUnique().HasDatabaseName("ix_outbox_id");
        outbox.HasIndex(m => m.Subject).HasDatabaseName("ix_outbox_subject");
        // What is pending is small, however large the table: these cost the relay the same on the first day and on the thousandth.
        outbox.HasIndex(m => m.Seq).HasFilter("status = 0").HasDatabaseName("ix_outbox_pending");
        outbox.HasIndex(m => new { m.Subject, m.Seq }).HasFilter("status = 0").HasDatabaseName("ix_outbox_pending_subject");
        outbox.HasIndex(m => new { m.Topic, m.Partition, m.Offset }).HasFilter("status = 1").HasDatabaseName("ix_outbox_log");
        outbox.HasIndex(m => m.PublishedAt).HasFilter("status = 1").HasDatabaseName("ix_outbox_published_at");
    }

    private static void Configure(EntityTypeBuilder<InboxStream> stream)
    {
        stream.ToTable("inbox_stream");
        stream.HasKey(s => new { s.Topic, s.Subject }).HasName("pk_inbox_stream");
        stream.Property(s => s.Topic).HasColumnName("topic");
        stream.Property(s => s.Subject).HasColumnName("subject");
        stream.Property(s => s.Partition).HasColumnName("log_partition");
        stream.Property(s => s.Sequence).HasColumnName("sequence");
        stream.Property(s => s.EventId).HasColumnName("event_id").HasConversion<TypedIdConverter<EventId>>();
        stream.Property(s => s.Dead).HasColumnName("dead");
        stream.Property(s => s.Parked).HasColumnName("parked");
        // Streams that wait are few, however many there are.
        stream.HasIndex(s => new { s.Topic, s.Partition }).HasFilter("parked > 0 OR dead IS NOT NULL").HasDatabaseName("ix_inbox_stream_waiting");
    }

    private static void Configure(EntityTypeBuilder<InboxParked> parked)
    {
        parked.ToTable("inbox_parked");
        parked.HasKey(p => new { p.Topic, p.Subject, p.Sequence }).HasName("pk_inbox_parked");
        parked.Property(p => p.Topic).HasColumnName("topic");
        parked.Property(p => p.Subject).HasColumnName("subject");
        parked.Property(p => p.Sequence).HasColumnName("sequence");
        parked.Property(p => p.EventId).HasColumnName("event_id").HasConversion(id => id.Value, value => new EventId(value));
        parked.Property(p => p.Type).HasColumnName("type");
        parked.Property(p => p.Message).HasColumnName("message").HasColumnType("json");
        parked.Property(p => p.ParkedAt).HasColumnName("parked_at");
    }

    private static void Configure(EntityTypeBuilder<InboxPosition> position)
    {
        position.ToTable("inbox_position");
        position.HasKey(p => new { p.Topic, p.Partition }).HasName("pk_inbox_position");
        position.Property(p => p.Topic).HasColumnName("topic");
        position.Property(p => p.Partition).HasColumnName("log_partition");
        position.Property(p => p.Offset).HasColumnName("log_offset");
        position.Property(p => p.Identity).HasColumnName("identity");
    }
}
