using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.Messaging.Tests;

/// <summary>Outages of Kafka and PostgreSQL.</summary>
public sealed partial class OutageTests(Servers servers) : MessagingTest(servers)
{
    [Fact]
    public async Task Kafka_down_at_start_delays_the_events()
    {
        await using var kafka = new KafkaServer();
        await using var service = await StartAsync(kafka);
        var counter = Guid.NewGuid();
        await service.CountAsync(counter, 3);
        await service.HealthAsync(HealthStatus.Degraded);

        await kafka.StartAsync(Cancelled);

        (await service.HandledAsync(counter, 3)).ShouldBe(UpTo(3));
        await service.HealthAsync(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Kafka_that_restarts_with_its_log_delivers_what_waited()
    {
        await using var kafka = new KafkaServer();
        await kafka.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka, ("Messaging:PublishTimeout", "00:00:02"));
        var counters = NewCounters(5);
        await CountAsync(service, counters);
        await Task.WhenAll(counters.Select(counter => service.HandledAsync(counter, 5)));

        await kafka.StopAsync(Cancelled);
        await CountAsync(service, counters);
        await service.HealthAsync(HealthStatus.Degraded);
        await EventuallyAsync("a batch is given up", () => service.Logged("did not acknowledge"));
        await CountAsync(service, counters);
        await kafka.StartAsync(Cancelled);

        foreach (var counter in counters)
        {
            (await service.HandledAsync(counter, 15)).ShouldBe(UpTo(15));
            await service.PublishedAsync(counter);
        }
        await service.HealthAsync(HealthStatus.Healthy);
        var log = await KafkaLog.SequencesAsync(kafka, Topic);
        foreach (var counter in counters)
            log[counter].Distinct().ShouldBe(UpTo(15));
    }

    [Fact]
    public async Task Kafka_that_lost_its_data_gets_topics_and_a_replay_restores_the_events()
    {
        await using var kafka = new KafkaServer(partitions: 1);
        await kafka.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka, ("Messaging:Partitions", "3"));
        var counters = NewCounters(8);
        await CountAsync(service, counters);
        await Task.WhenAll(counters.Select(counter => service.HandledAsync(counter, 5)));

        await kafka.StopAsync(Cancelled);
        await CountAsync(service, counters);
        await kafka.StartEmptyAsync(Cancelled);
        await CountAsync(service, counters);

        foreach (var counter in counters)
        {
            (await service.HandledAsync(counter, 15)).ShouldBe(UpTo(15));
            await service.PublishedAsync(counter);
        }
        await Servicing.ReplayAsync(service, TimeSpan.FromMinutes(5));
        await using var newcomer = await StartAsync(kafka);
        foreach (var counter in counters)
        {
            // The replay is behind the events since the loss, so the newcomer gets every event, not in order.
            (await newcomer.HandledAsync(counter, 15)).Order().ShouldBe(UpTo(15));
            (await service.EffectsAsync(counter)).ShouldBe(UpTo(15));
        }
        KafkaLog.PartitionsOf(kafka, Topic).Count().ShouldBe(3);
        await service.HealthAsync(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Service_stops_while_Kafka_is_down()
    {
        await using var kafka = new KafkaServer();
        await kafka.StartAsync(Cancelled);
        // A worker that waited for Kafka's answer at the stop would do so for longer than this test. The Kafka client waits for its session
        // time-out if there are offsets to commit.
        await using var service = await StartAsync(
            kafka, ("shutdownTimeoutSeconds", "600"), ("Messaging:PublishTimeout", "00:10:00"), ("Kafka:SessionTimeoutMs", "6000"));
        var counter = Guid.NewGuid();
        await service.CountAsync(counter);
        await service.HandledAsync(counter, 1);
        await kafka.StopAsync(Cancelled);
        await service.CountAsync(counter);
        await service.HealthAsync(HealthStatus.Degraded);

        await service.DisposeAsync().AsTask().WaitAsync(Eventually.DefaultTimeout, Cancelled);
    }

    [Fact]
    public async Task PostgreSQL_that_restarts_under_load_loses_and_repeats_nothing()
    {
        await using var postgres = new PostgresServer();
        await using var kafka = new KafkaServer();
        await Task.WhenAll(kafka.StartAsync(Cancelled), postgres.StartAsync(Cancelled));
        await using var service = await StartAsync(
            new CounterService { Kafka = kafka, Database = await Servers.CreateDatabaseAsync(postgres),
            Settings = [("Messaging:MaxAttempts", "1")] });
        await using var producer = await StartAsync(kafka, consumes: false);
        var counters = NewCounters(10);
        var load = Parallel.ForEachAsync(counters, Cancelled, async (counter, _) =>
        {
            for (var i = 0; i < 40; i++)
            {
                await producer.CountAsync(counter);
                await Task.Delay(50, Cancelled);
            }
        });

        await service.HandledAsync(counters[0], 5);
        await postgres.StopAsync(Cancelled);
        await EventuallyAsync("the outage is seen", () => service.Logged("Background job failed"));
        await postgres.StartAsync(Cancelled);
        await load;

        foreach (var counter in counters)
            (await service.HandledAsync(counter, 40)).ShouldBe(UpTo(40));
        (await KafkaLog.ReadAsync(kafka, DeadLetterTopic)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Producer_with_a_fatal_error_is_replaced()
    {
        const int outOfOrderSequenceNumber = 45;
        await using var kafka = new KafkaServer();
        await kafka.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka);
        var counter = Guid.NewGuid();
        await service.CountAsync(counter);
        await service.PublishedAsync(counter);

        var producer = (IClient)typeof(KafkaPublisher).GetField("_producer", BindingFlags.Instance | BindingFlags.NonPublic)!
            .GetValue(service.Services.GetRequiredService<KafkaPublisher>())!;
        Librdkafka.TestFatalError(producer, outOfOrderSequenceNumber).ShouldBe(0);
        await service.CountAsync(counter, 2);

        (await service.HandledAsync(counter, 3)).ShouldBe(UpTo(3));
    }

    private static async Task CountAsync(CounterService service, List<Guid> counters)
    {
        foreach (var counter in counters)
            await service.CountAsync(counter, 5);
    }

    /// <summary>Calls into the library that Confluent.Kafka loads; its package has a variant for each platform.</summary>
    private static partial class Librdkafka
    {
        private static readonly string[] Variants = ["librdkafka", "centos8-librdkafka", "alpine-librdkafka"];

        static Librdkafka() => NativeLibrary.SetDllImportResolver(typeof(Librdkafka).Assembly, (_, assembly, _) =>
            Array.Find(Array.ConvertAll(Variants, variant => NativeLibrary.TryLoad(variant, assembly, null, out var handle) ? handle : 0),
                handle => handle != 0));

        public static int TestFatalError(IClient client, int error)
        {
            var handle = client.Handle.GetType()
                .GetProperty("LibrdkafkaHandle", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(client.Handle)!;
            return rd_kafka_test_fatal_error(((SafeHandle)handle).DangerousGetHandle(), error, "provoked by a test");
        }

        [LibraryImport("librdkafka", StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
        private static partial int rd_kafka_test_fatal_error(nint client, int error, string reason);
    }
}
