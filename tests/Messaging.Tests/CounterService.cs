using System.Collections.Concurrent;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Messaging.Tests;

/// <summary>
/// A service that counts: it changes counters and announces that, and it notes which announcements it handled. With either store.
/// </summary>
public abstract class CounterService : IAsyncDisposable
{
    private IHost? _host;

    /// <summary>Started services of the same name are replicas of each other.</summary>
    public required string Name { get; init; }

    public required string Database { get; init; }

    public required string Kafka { get; init; }

    /// <summary>Whether it handles events as well.</summary>
    public bool Consumes { get; init; } = true;

    public Action<IServiceCollection> Replace { get; init; } = _ => { };

    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public Faults Faults { get; } = new();

    public ConcurrentQueue<string> Log { get; } = [];

    public IServiceProvider Services => _host?.Services ?? throw new InvalidOperationException("The service does not run.");

    public async Task StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:kafka"] = Kafka;
        // Tests do not wait for production's patience.
        builder.Configuration["Messaging:MinBackoff"] = "00:00:00.050";
        builder.Configuration["Messaging:MaxBackoff"] = "00:00:01";
        // A test that holds a handler back decides when it succeeds; those about dead letters set their own.
        builder.Configuration["Messaging:MaxHandleAttempts"] = "1000";
        builder.Configuration["Messaging:CommitInterval"] = "00:00:00.200";
        builder.Configuration["Messaging:SessionTimeout"] = "00:00:06";
        builder.Configuration["ConnectionStrings:store"] = Database;
        foreach (var (key, value) in Settings)
            builder.Configuration[key] = value;
        builder.Logging.AddProvider(new TestLog(this)).SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Error).AddFilter("Npgsql", LogLevel.Error);
        builder.Services.AddForgeIds(builder.Configuration);
        builder.Services.AddMetrics();
        builder.Services.AddSingleton(Faults);
        Configure(builder);
        Replace(builder.Services);
        _host = builder.Build();
        await PrepareAsync(_host.Services);
        await _host.StartAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Adds the store and messaging.</summary>
    protected abstract void Configure(IHostApplicationBuilder builder);

    /// <summary>Creates tables, where there are any.</summary>
    protected abstract Task PrepareAsync(IServiceProvider services);

    /// <summary>Changes a counter <paramref name="times"/> times, each with an event of its own.</summary>
    public abstract Task CountAsync(Guid counter, int times, string note = "");

    /// <summary>The events of the outbox that are not published.</summary>
    public abstract Task<IReadOnlyList<OutboxMessage>> OutboxAsync(Guid counter);

    /// <summary>The sequences of a counter's events that were handled, in the order of their effects: one twice is an effect twice.</summary>
    public abstract Task<IReadOnlyList<long>> HandledAsync(Guid counter);

    public Task HandledAsync(Guid counter, int count) => Eventually.Get(
        $"{Name} has handled {count} events of {counter}", _ => HandledAsync(counter), handled => handled.Count >= count,
        TimeSpan.FromSeconds(40), TestContext.Current.CancellationToken);

    public Task PublishedAsync(Guid counter) => Eventually.Get(
        $"everything of {counter} is published", _ => OutboxAsync(counter), outbox => outbox.All(message => message.Status == OutboxStatus.Published),
        TimeSpan.FromSeconds(40), TestContext.Current.CancellationToken);

    internal IInboxStore Inbox => Services.GetRequiredService<IInboxStore>();

    public async Task<HealthStatus> HealthAsync(string check = "kafka") =>
        (await Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(registered => registered.Name == check, TestContext.Current.CancellationToken)).Status;

    /// <summary>As on SIGTERM.</summary>
    public async Task StopAsync()
    {
        if (_host is null)
            return;
        await _host.StopAsync(TestContext.Current.CancellationToken);
        await ((IAsyncDisposable)_host).DisposeAsync();
        _host = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    private sealed class TestLog(CounterService service) : ILoggerProvider, ILogger
    {
        private readonly ITestOutputHelper? _output = TestContext.Current.TestOutputHelper;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {service.Name} {logLevel}: {formatter(state, exception)} {exception?.GetType().Name} {exception?.Message}";
            service.Log.Enqueue(line);
            try
            {
                _output?.WriteLine(line);
            }
            catch (InvalidOperationException)
            {
                // The test is over; what a stopping service still says interests nobody.
            }
        }

        public void Dispose()
        {
        }
    }
}
