using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging.Tests;

public sealed class MetricsTests(Servers servers)
{
    private const string Topic = "counter.events";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_way_that_an_event_can_go_is_counted()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker);
        using var metrics = new Metrics(service);
        var counter = Guid.NewGuid();
        service.Faults.BeforeHandling = (_, context) => context.Subject == counter && context.Sequence == 3 ? throw new InvalidOperationException("never") : Task.CompletedTask;

        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, 1));
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, 1));
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Of(counter, CounterRenamed.Type, 2, "{}"));
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, 3));
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, 4));
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, 5));
        await Eventually.True("two events are parked", _ => Task.FromResult(metrics.Gauge("forgeshop.messaging.parked.events") == 2), cancellationToken: Cancelled);

        metrics.Sum("forgeshop.messaging.duplicates", ("messaging.destination.name", Topic), ("cloudevents.event_type", "counter.changed")).ShouldBe(1);
        metrics.Sum("forgeshop.messaging.skipped", ("messaging.destination.name", Topic), ("cloudevents.event_type", "counter.renamed")).ShouldBe(1);
        metrics.Sum("forgeshop.messaging.early", ("cloudevents.event_type", "counter.changed")).ShouldBe(2);
        metrics.Sum("forgeshop.messaging.retries", ("messaging.destination.name", Topic)).ShouldBe(1);
        metrics.Sum("forgeshop.messaging.dead_letters", ("messaging.destination.name", Topic), ("forgeshop.cause", "failed")).ShouldBe(1);
        metrics.Gauge("forgeshop.messaging.parked.keys").ShouldBe(1);
        metrics.Sum("forgeshop.messaging.consumed", ("cloudevents.event_type", "counter.changed")).ShouldBe(1);
    }

    [Fact]
    public async Task Published_events_and_the_consumer_s_lag_are_measured()
    {
        await using var broker = new KafkaServer(partitions: 1);
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker);
        using var metrics = new Metrics(service);
        var (counter, release) = (Guid.NewGuid(), new TaskCompletionSource());
        service.Faults.BeforeHandling = (_, _) => release.Task;

        await service.CountAsync(counter, 4);
        await Eventually.True("the lag shows", _ => Task.FromResult(metrics.Gauge("forgeshop.messaging.consumer.lag", ("messaging.destination.partition.id", 0)) == 4), cancellationToken: Cancelled);
        release.SetResult();

        await Eventually.True("the lag is gone", _ => Task.FromResult(metrics.Gauge("forgeshop.messaging.consumer.lag", ("messaging.destination.partition.id", 0)) == 0), cancellationToken: Cancelled);
        metrics.Sum("forgeshop.messaging.published", ("messaging.destination.name", Topic)).ShouldBe(4);
    }

    [Fact]
    public async Task What_waits_in_the_outbox_and_how_long_is_measured_while_Kafka_is_away()
    {
        await using var broker = new KafkaServer();
        await using var service = await StartAsync(broker, ("Messaging:PublishTimeout", "00:00:00.500"));
        using var metrics = new Metrics(service);

        await service.CountAsync(Guid.NewGuid(), 3);

        await Eventually.True("three events wait", _ => Task.FromResult(metrics.Gauge("forgeshop.messaging.outbox.pending") == 3), cancellationToken: Cancelled);
        metrics.Gauge("forgeshop.messaging.outbox.age").ShouldBeInRange(0.001, 60);
    }

    private async Task<EntityFrameworkCounters> StartAsync(KafkaServer broker, params (string Key, string Value)[] settings)
    {
        var service = new EntityFrameworkCounters
        {
            Name = $"counters-{Guid.NewGuid():N}",
            Database = await servers.CreateDatabaseAsync(),
            Kafka = broker.BootstrapServers,
            Settings = settings.Append(("Messaging:MaxHandleAttempts", "2")).Append(("Messaging:GapTimeout", "00:00:01")).ToDictionary(setting => setting.Item1, setting => setting.Item2),
        };
        await service.StartAsync();
        return service;
    }

    /// <summary>What a collector would get of one service.</summary>
    private sealed class Metrics : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> _measured = [];

        public Metrics(CounterService service)
        {
            var factory = service.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == MessagingTelemetry.MeterName && instrument.Meter.Scope == factory)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public double Sum(string name, params (string Name, object Value)[] tags) => Of(name, tags).Sum();

        public double Gauge(string name, params (string Name, object Value)[] tags)
        {
            _listener.RecordObservableInstruments();
            return Of(name, tags).LastOrDefault(double.NaN);
        }

        private IEnumerable<double> Of(string name, (string Name, object Value)[] tags) => _measured
            .Where(measured => measured.Name == name && tags.All(tag => Equals(measured.Tags.GetValueOrDefault(tag.Name), tag.Value)))
            .Select(measured => measured.Value);

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            _measured.Enqueue((instrument.Name, value, tags.ToArray().ToDictionary()));

        public void Dispose() => _listener.Dispose();
    }
}
