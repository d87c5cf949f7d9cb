using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Messaging.Tests;

public sealed class Counter : IEventSource
{
    public required Guid Id { get; init; }
    public long Value { get; set; }
    public long LastSequence { get; set; }
    Guid IEventSource.AggregateId => Id;
}

/// <summary>One effect of one event. Nothing here prevents a second one: only the inbox does.</summary>
public sealed class Effect
{
    public long Id { get; init; }
    public required Guid CounterId { get; init; }
    public required long Sequence { get; init; }
}

public sealed class CountersDb(DbContextOptions<CountersDb> options) : DbContext(options)
{
    public DbSet<Counter> Counters => Set<Counter>();
    public DbSet<Effect> Effects => Set<Effect>();
    public DbSet<OutboxMessage> Outbox => Set<OutboxMessage>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Counter>().Property(counter => counter.LastSequence).IsConcurrencyToken();
        modelBuilder.AddMessaging();
    }
}

public sealed class NoteEffect(CountersDb db, Faults faults) : IEventHandler<CounterChanged>
{
    public async Task HandleAsync(CounterChanged @event, EventContext context, CancellationToken cancellationToken)
    {
        await faults.BeforeHandling(@event, context);
        db.Effects.Add(new Effect { CounterId = context.Subject, Sequence = context.Sequence });
        await faults.AfterHandling(@event, context);
    }
}

public sealed class NoteLabel(Faults faults) : IEventHandler<CounterLabelled>
{
    public Task HandleAsync(CounterLabelled @event, EventContext context, CancellationToken cancellationToken)
    {
        faults.Labels.Enqueue(@event);
        return Task.CompletedTask;
    }
}

public sealed class EntityFrameworkCounters : CounterService
{
    protected override void Configure(IHostApplicationBuilder builder)
    {
        // As the Aspire integration does it: pooled, and with retries.
        builder.Services.AddDbContextPool<CountersDb>(options => options.UseNpgsql(
            builder.Configuration.GetConnectionString("store"), npgsql => npgsql.EnableRetryOnFailure()));
        builder.AddMessaging(Name, messaging =>
        {
            messaging.UseEntityFramework<CountersDb>();
            if (Consumes)
                messaging.Handle<CounterChanged, NoteEffect>().Handle<CounterLabelled, NoteLabel>();
        });
    }

    protected override Task PrepareAsync(IServiceProvider services) => InScopeAsync(services, db => db.Database.EnsureCreatedAsync(TestContext.Current.CancellationToken));

    public override Task CountAsync(Guid counter, int times, string note = "") => InScopeAsync(Services, async db =>
    {
        var known = await db.Counters.FindAsync([counter], TestContext.Current.CancellationToken);
        if (known is null)
            db.Add(known = new Counter { Id = counter });
        for (var time = 0; time < times; time++)
            db.Emit(known, new CounterChanged(counter, ++known.Value, note));
        return await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    });

    public override async Task<IReadOnlyList<OutboxMessage>> OutboxAsync(Guid counter) => await InScopeAsync(Services, db =>
        db.Outbox.AsNoTracking().Where(message => message.Subject == counter).OrderBy(message => message.Seq).ToListAsync(TestContext.Current.CancellationToken));

    public override async Task<IReadOnlyList<long>> HandledAsync(Guid counter) => await InScopeAsync(Services, db =>
        db.Effects.Where(effect => effect.CounterId == counter).OrderBy(effect => effect.Id).Select(effect => effect.Sequence).ToListAsync(TestContext.Current.CancellationToken));

    public Task<T> InScopeAsync<T>(Func<CountersDb, Task<T>> work) => InScopeAsync(Services, work);

    private static async Task<T> InScopeAsync<T>(IServiceProvider services, Func<CountersDb, Task<T>> work)
    {
        await using var scope = services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<CountersDb>());
    }
}
