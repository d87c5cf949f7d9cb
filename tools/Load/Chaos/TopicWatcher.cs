using System.Text;
using Confluent.Kafka;

namespace ForgeShop.Load.Chaos;

/// <summary>
/// Consumes every topic and counts the copies of each event. Consumers must drop every copy after the first. Messages that a killed broker
/// lost before this consumer read them are not counted.
/// </summary>
internal sealed class TopicWatcher(string bootstrapServers, IReadOnlyList<string> topics)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    // After a rebalance everything is read again: the copies of an event are its positions.
    private readonly Dictionary<Guid, HashSet<TopicPartitionOffset>> _copies = [];

    public int Events
    {
        get
        {
            lock (_copies)
                return _copies.Count;
        }
    }

    public int Duplicates
    {
        get
        {
            lock (_copies)
                return _copies.Values.Sum(positions => positions.Count - 1);
        }
    }

    public Task RunAsync(CancellationToken ending) =>
        Task.Factory.StartNew(() => Read(ending), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Read(CancellationToken ending)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = bootstrapServers,
            GroupId = "forge-chaos-" + Guid.NewGuid().ToString("N"),
            EnableAutoCommit = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            // A topic that a broker lost is created again by its publisher.
            TopicMetadataRefreshIntervalMs = 1_000,
            LogConnectionClose = false,
        };
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(config)
            .SetErrorHandler((_, _) => { }) // The fault injector kills the broker.
            .SetLogHandler((_, _) => { })
            .SetPartitionsAssignedHandler((_, partitions) =>
            partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)))
            .SetPartitionsRevokedHandler((_, _) => { })
            .Build();
        consumer.Subscribe(topics);
        while (!ending.IsCancellationRequested)
        {
            try
            {
                if (consumer.Consume(Poll) is { Message.Headers: { } headers } message && headers.TryGetLastBytes("ce_id", out var id)
                    && Forge.Uuid.TryParse(Encoding.ASCII.GetString(id), out var eventId))
                {
                    Count(eventId, message.TopicPartitionOffset);
                }
            }
            catch (ConsumeException error) when (!error.Error.IsFatal)
            {
                ending.WaitHandle.WaitOne(Poll);
            }
        }

        consumer.Close();
    }

    private void Count(Guid eventId, TopicPartitionOffset position)
    {
        lock (_copies)
        {
            if (!_copies.TryGetValue(eventId, out var positions))
                _copies[eventId] = positions = [];
            positions.Add(position);
        }
    }
}
