using System.Collections.Concurrent;
using ForgeShop.Databases;
using ForgeShop.TestSupport;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ForgeShop.Messaging.Tests;

/// <summary>A service that changes counters, emits events about them, and handles these events; each effect is a row.</summary>
public sealed class CounterService : IAsyncDisposable
{
    private IHost? _host;

    /// <summary>Services of the same name are replicas of each other.</summary>
    public string Name { get; init; } = $"counters-{Guid.NewGuid():N}";

    public required KafkaServer Kafka { get; init; }

    public required string Database { get; init; }

    public bool Consumes { get; init; } = true;

    public TimeSpan GatherTime { get; init; }

    public (string Key, string Value)[] Settings { get; init; } = [];

    public Action<IServiceCollection> Replace { get; init; } = _ => { };

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public HandlerScript Script { get; } = new();

    public ConcurrentQueue<string> Log { get; } = [];

    public IServiceProvider Services => _host?.Services ?? throw new InvalidOperationException("The service does not run.");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async Task StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:kafka"] = Kafka.BootstrapServers;
        builder.Configuration["ConnectionStrings:store"] = Database;
        builder.Configuration["Messaging:MinBackoff"] = "00:00:00.050";
        builder.Configuration["Messaging:MaxBackoff"] = "00:00:01";
        foreach (var (key, value) in Settings)
            builder.Configuration[key] = value;
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new TestLog(this))
            .AddFilter("Microsoft.EntityFrameworkCore", LogLevel.None).AddFilter("Npgsql", LogLevel.None)
            .AddFilter("Microsoft.Hosting", LogLevel.None);
        builder.Services.AddSingleton(Time).AddSingleton(Script).AddForgeIds(builder.Configuration).AddMetrics();
        builder.AddDatabase<CountersDb>("store");
        builder.AddMessaging(Name, Configure);
        Replace(builder.Services);
        _host = builder.Build();
        await InScopeAsync(db => db.Database.EnsureCreatedAsync(Cancelled));
        await _host.StartAsync(Cancelled);
    }

    /// <summary>Stops as on SIGTERM.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _host, null) is not { } host)
            return;
        await host.StopAsync(CancellationToken.None);
        await using (var scope = host.Services.CreateAsyncScope())
            NpgsqlConnection.ClearPool((NpgsqlConnection)scope.ServiceProvider.GetRequiredService<CountersDb>().Database.GetDbConnection());
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    /// <summary>Changes a counter, each time with an event, in one SaveChanges.</summary>
    public Task CountAsync(Guid counter, int times = 1, string note = "", DateTimeOffset? at = null) => InScopeAsync(async db =>
    {
        var changed = await db.Counters.FindAsync([counter], Cancelled) ?? db.Add(new Counter { Id = counter }).Entity;
        for (var time = 0; time < times; time++)
            db.Emit(changed, new CounterChanged(counter, ++changed.Value, note, at), MessageOrigin.OfRequest());
        return await db.SaveChangesAsync(Cancelled);
    });

    public async Task<T> InScopeAsync<T>(Func<CountersDb, Task<T>> work)
    {
        await using var scope = Services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<CountersDb>());
    }

    public Task<List<OutboxMessage>> OutboxAsync(Guid counter) =>
        InScopeAsync(db => db.Outbox.AsNoTracking().Where(message => message.Subject == counter).OrderBy(message => message.Seq)
            .ToListAsync(Cancelled));

    /// <summary>The sequence numbers of a counter's handled events, in the order of their effects.</summary>
    public Task<List<long>> EffectsAsync(Guid counter) =>
        InScopeAsync(db => db.Effects.Where(effect => effect.CounterId == counter).OrderBy(effect => effect.Id)
            .Select(effect => effect.Sequence).ToListAsync(Cancelled));

    /// <summary>Waits until a number of a counter's events are handled, and returns the sequence numbers.</summary>
    public Task<List<long>> HandledAsync(Guid counter, int count, TimeSpan? timeout = null) => Eventually.Get(
        $"{count} events of {counter} are handled", _ => EffectsAsync(counter), effects => effects.Count >= count, timeout, Cancelled);

    /// <summary>Waits until all events of a counter are published, and returns their rows.</summary>
    public Task<List<OutboxMessage>> PublishedAsync(Guid counter) => Eventually.Get(
        $"all events of {counter} are published", _ =>
            OutboxAsync(counter), rows => rows.Count > 0 && rows.All(row => row.PublishedAt is not null), cancellationToken: Cancelled);

    public async Task<HealthReportEntry> HealthAsync() => (await Services.GetRequiredService<HealthCheckService>()
        .CheckHealthAsync(check => check.Name == "messaging", Cancelled)).Entries["messaging"];

    public Task HealthAsync(HealthStatus status, string? description = null) => Eventually.Get(
        $"the health is {status}", async _ => await HealthAsync(),
        health =>
            health.Status == status
            && (description is null || health.Description!.Contains(description, StringComparison.Ordinal)), cancellationToken: Cancelled);

    public bool Logged(string text) => Log.Any(line => line.Contains(text, StringComparison.Ordinal));

    private void Configure(MessagingModel messaging)
    {
        messaging.UseEntityFramework<CountersDb>().Publish(CounterChanged.Topic, ResetCounter.Topic);
        if (Consumes)
        {
            messaging.Gather(GatherTime).Handle<CounterChanged, CounterChangedHandler>().Handle<ResetCounter, CounterChangedHandler>()
                .Handle<CounterLabelled, CounterLabelledHandler>();
        }
    }

    /// <summary>Keeps the log for assertions, and shows it with the test.</summary>
    private sealed class TestLog(CounterService service) : ILoggerProvider, ILogger
    {
        private readonly ITestOutputHelper? _output = TestContext.Current.TestOutputHelper;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) =>
            logLevel >= (Environment.GetEnvironmentVariable("TEST_DEBUG") is null ? LogLevel.Information : LogLevel.Debug);

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            var line = $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {service.Name} {logLevel}: {formatter(state, exception)} "
                + $"{exception?.GetType().Name} {exception?.Message}";
            service.Log.Enqueue(line);
            try
            {
                _output?.WriteLine(line);
            }
            catch (InvalidOperationException)
            {
                // The test has ended, and the service is stopping.
            }
        }

        public void Dispose()
        {
        }
    }
}
