using System.Collections.Concurrent;
using Confluent.Kafka;

namespace ForgeShop.DevKafka.Tests;

/// <summary>The broker is killed under load, again and again.</summary>
public sealed class KillLoopTests
{
    private const int Partitions = 4;
    private const string Topic = "load";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Five_kills_lose_and_double_no_record() => KillAsync(5);

    [Fact(Explicit = true)]
    public Task Forty_kills_lose_and_double_no_record() => KillAsync(40);

    private static async Task KillAsync(int kills)
    {
        await using var broker = await DevKafkaProcess.StartNewAsync("--partitions", $"{Partitions}", "--segment-bytes", "200000");
        var clients = new Clients(broker.Address);
        var acknowledged = new ConcurrentQueue<DeliveryResult<string?, string?>>();
        var consumed = new ConcurrentDictionary<(int Partition, long Offset), string?>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var producing = Task.Run(() => ProduceAsync(clients, acknowledged, stop.Token), Token);
        using var stopConsuming = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task[] consuming = [ConsumeAsync(clients, consumed, stopConsuming.Token), ConsumeAsync(clients, consumed, stopConsuming.Token)];
        var random = new Random(kills);
        for (var i = 0; i < kills; i++)
        {
            var before = acknowledged.Count;
            await Eventually.True(
                $"records are acknowledged after kill {i}",
                _ => Task.FromResult(acknowledged.Count > before + 200),
                cancellationToken: Token);
            await Task.Delay(random.Next(300), Token);
            await broker.KillAsync();
            await broker.StartAsync();
        }

        await stop.CancelAsync();
        var sent = await producing;

        acknowledged.Count.ShouldBe(sent, "each record is acknowledged in the end");
        var stored = Enumerable.Range(0, Partitions).SelectMany(partition => clients.ReadAll(Topic, partition)).ToList();
        stored.Count.ShouldBe(sent, "no record is lost or doubled");
        foreach (var partition in stored.GroupBy(record => record.Partition.Value))
            partition.Select(record => int.Parse(record.Message.Value!)).ShouldBeInOrder(SortDirection.Ascending);
        var values = stored.ToDictionary(record => (record.Partition.Value, record.Offset.Value), record => record.Message.Value);
        foreach (var delivery in acknowledged)
        {
            values[(delivery.Partition.Value, delivery.Offset.Value)]
                .ShouldBe(delivery.Message.Value, "a record is where it was acknowledged");
        }

        await Eventually.Get(
            $"the group consumes {sent} records", _ => Task.FromResult(consumed.Count), count => count == sent, cancellationToken: Token);
        consumed.ShouldAllBe(record => values[record.Key] == record.Value);
        await stopConsuming.CancelAsync();
        await Task.WhenAll(consuming);
        TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills, {sent} records");
    }

    /// <summary>Produces numbers without waiting for each; returns how many, when all are acknowledged or failed.</summary>
    private static async Task<int> ProduceAsync(
        Clients clients, ConcurrentQueue<DeliveryResult<string?, string?>> acknowledged, CancellationToken stop)
    {
        using var producer = clients.Producer(config =>
            (config.EnableIdempotence, config.LingerMs, config.MessageTimeoutMs) = (true, 1, 60_000));
        var sent = 0;
        while (!stop.IsCancellationRequested)
        {
            for (var i = 0; i < 20; i++, sent++)
            {
                producer.Produce(Topic, new() { Key = $"{sent % 100}", Value = $"{sent}" }, report =>
                {
                    if (!report.Error.IsError)
                        acknowledged.Enqueue(report);
                });
            }

            await Task.Delay(2, CancellationToken.None);
        }

        producer.Flush(TimeSpan.FromSeconds(60));
        return sent;
    }

    private static Task ConsumeAsync(
        Clients clients, ConcurrentDictionary<(int Partition, long Offset), string?> consumed, CancellationToken stop) => Task.Run(
        () =>
        {
            using var consumer = clients.Consumer("group", config => (config.EnableAutoCommit, config.AutoCommitIntervalMs) = (true, 100));
            consumer.Subscribe(Topic);
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is { } record)
                    {
                        consumed.GetOrAdd((record.Partition.Value, record.Offset.Value), record.Message.Value)
                            .ShouldBe(record.Message.Value, $"{record.TopicPartitionOffset} does not change");
                    }
                }
                catch (ConsumeException exception) when (!exception.Error.IsFatal)
                {
                    TestContext.Current.TestOutputHelper?.WriteLine($"Consuming failed: {exception.Error}");
                }
            }

            consumer.Close();
        },
        CancellationToken.None);
}
