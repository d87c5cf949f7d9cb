using ForgeShop.TestSupport;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.Messaging.Tests;

/// <summary>Metrics and health.</summary>
public sealed class HealthTests(Servers servers) : MessagingTest(servers)
{
    [Fact]
    public async Task Published_handled_retried_and_dead_lettered_messages_are_counted()
    {
        await using var kafka = new KafkaServer();
        await kafka.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka, TwoAttempts);
        using var metrics = new MetricReader(service);
        var counter = Guid.NewGuid();
        service.Script.Before = (_, context, _) =>
            context.Sequence == 3 ? throw new InvalidOperationException("poison") : Task.CompletedTask;

        await service.CountAsync(counter, 5);

        await service.HandledAsync(counter, 4);
        await EventuallyAsync("everything is counted", () => metrics.Sum("forgeshop.messaging.handled") == 4);
        metrics.Sum("forgeshop.messaging.published", ("messaging.destination.name", Topic)).ShouldBe(5);
        metrics.Sum("forgeshop.messaging.handled", ("messaging.destination.name", Topic), ("cloudevents.event_type", CounterChanged.Type))
            .ShouldBe(4);
        metrics.Sum("forgeshop.messaging.retries", ("messaging.destination.name", Topic)).ShouldBe(1);
        metrics.Sum("forgeshop.messaging.dead_letters", ("error.type", "System.InvalidOperationException")).ShouldBe(1);
        metrics.Max("forgeshop.messaging.batch.size").ShouldBeInRange(1, 5);
    }

    [Fact]
    public async Task Lag_is_measured_while_a_partition_waits()
    {
        await using var kafka = new KafkaServer(partitions: 1);
        await kafka.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka, ("Messaging:MaxAttempts", "1000"), ("Messaging:Partitions", "1"));
        using var metrics = new MetricReader(service);
        var (counter, isBroken) = (Guid.NewGuid(), true);
        service.Script.Before = (_, _, _) => isBroken ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
        double Lag() =>
            metrics.Gauge(
            "forgeshop.messaging.consumer.lag", ("messaging.destination.name", Topic), ("messaging.destination.partition.id", 0));

        await service.CountAsync(counter, 4);
        await EventuallyAsync("the lag is 4", () => Lag() is 4);
        await service.HealthAsync(HealthStatus.Degraded, "1 partitions wait");
        isBroken = false;

        await EventuallyAsync("the lag is 0", () => Lag() is 0);
        await service.HealthAsync(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Waiting_messages_are_measured_and_reported_while_Kafka_is_down()
    {
        await using var kafka = new KafkaServer();
        // The events are from a clock that is an hour ahead, and is then put right.
        var time = new ShiftedTime { Offset = TimeSpan.FromHours(1) };
        await using var service = await StartAsync(new CounterService
        {
            Kafka = kafka, Database = await Servers.CreateDatabaseAsync(), Time = time, Settings = [("Messaging:MaxOutboxAge", "00:00:01")],
        });
        using var metrics = new MetricReader(service);
        await service.CountAsync(Guid.NewGuid(), 3);
        time.Offset = TimeSpan.Zero;

        await EventuallyAsync("three messages wait", () => metrics.Gauge("forgeshop.messaging.outbox.pending") is 3);
        await EventuallyAsync("their age grows", () => metrics.Gauge("forgeshop.messaging.outbox.age") is > 1 and < 60);
        await service.HealthAsync(HealthStatus.Degraded, "Kafka does not answer; 3 messages wait in the outbox");
        await kafka.StartAsync(Cancelled);

        await service.HealthAsync(HealthStatus.Healthy);
        metrics.Gauge("forgeshop.messaging.outbox.pending").ShouldBe(0);
        metrics.Gauge("forgeshop.messaging.outbox.age").ShouldBe(0);
    }
}
