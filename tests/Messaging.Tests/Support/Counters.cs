using System.Text.Json.Nodes;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Messaging.Tests;

/// <summary>Handled one at a time, as the <see cref="HandlerScript"/> says.</summary>
public sealed record CounterChanged(Guid CounterId, long Value, string Note, DateTimeOffset? At = null) : IEventData
{
    public static string Type => "counters.counter-changed";
    public static string Topic => "counter.events";
}

/// <summary>Handled in batches. Version 1 called the label "title".</summary>
public sealed record CounterLabelled(Guid CounterId, string Label) : IEventData
{
    public static string Type => "counters.counter-labelled";
    public static string Topic => "counter.events";
    public static int DataVersion => 2;

    public static JsonObject Upcast(JsonObject data, int version) => data.Rename("title", "label");
}

/// <summary>Has no handler.</summary>
public sealed record CounterArchived(Guid CounterId) : IEventData
{
    public static string Type => "counters.counter-archived";
    public static string Topic => "counter.events";
}

public sealed record ResetCounter(Guid CounterId) : ICommandData
{
    public static string Type => "counters.reset-counter";
    public static string Topic => "counter.commands";
}

public sealed class Counter : IEventSource
{
    public required Guid Id { get; init; }
    public long Value { get; set; }
    public long LastSequence { get; set; }
    Guid IEventSource.AggregateId => Id;
}

/// <summary>The effect of one event. The table has no unique column but its own key, so a second effect of the same event shows.</summary>
public sealed class Effect
{
    public long Id { get; init; }
    public required EventId EventId { get; init; }
    public required Guid CounterId { get; init; }
    public required long Sequence { get; init; }
    public DateTimeOffset? At { get; init; }
}

public sealed class CountersDb(DbContextOptions<CountersDb> options) : DbContext(options)
{
    public DbSet<Counter> Counters => Set<Counter>();
    public DbSet<Effect> Effects => Set<Effect>();
    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();

    public void AddEffect(EventContext context, DateTimeOffset? at = null) =>
        Add(new Effect { EventId = context.Id, CounterId = context.Subject, Sequence = context.Sequence, At = at });

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Counter>(counter =>
        {
            counter.ToTable("counters");
            counter.Property(c => c.LastSequence).IsConcurrencyToken();
        });
        modelBuilder.Entity<Effect>(effect =>
        {
            effect.ToTable("effects");
            effect.Property(e => e.EventId).HasConversion(id => id.Value, value => new EventId(value));
        });
        modelBuilder.AddMessaging();
    }
}
