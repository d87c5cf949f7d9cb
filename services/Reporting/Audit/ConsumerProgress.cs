using Confluent.Kafka;
using ForgeShop.Messaging;

namespace ForgeShop.Reporting;

/// <summary>
/// Reads how far the consumer groups of the shop are, without joining them. The audit waits for them before it calls a difference an error.
/// </summary>
internal sealed class ConsumerProgress(KafkaSettings kafka)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Returns the end of each partition of the topics that has messages: the offset that the next message gets.</summary>
    /// <exception cref="KafkaException">Kafka cannot be reached.</exception>
    public Task<IReadOnlyDictionary<TopicPartition, long>> ReadEndsAsync(IEnumerable<string> topics, CancellationToken cancellationToken) =>
        Task.Run<IReadOnlyDictionary<TopicPartition, long>>(() =>
        {
            using var admin = new AdminClientBuilder(kafka.Admin()).SetLogHandler((_, _) => { }).Build();
            using var consumer = Open("audit");
            var ends = new Dictionary<TopicPartition, long>();
            foreach (var topic in topics.Distinct())
            {
                foreach (var partition in admin.GetMetadata(topic, Timeout).Topics.SelectMany(found => found.Partitions))
                {
                    var place = new TopicPartition(topic, partition.PartitionId);
                    var watermarks = consumer.QueryWatermarkOffsets(place, Timeout);
                    if (watermarks.High.Value > watermarks.Low.Value)
                        ends.Add(place, watermarks.High.Value);
                }
            }
            return ends;
        }, cancellationToken);

    /// <summary>Returns whether a group has committed every partition of its topics up to these ends.</summary>
    /// <exception cref="KafkaException">Kafka cannot be reached.</exception>
    public Task<bool> HasPassedAsync(
        string group, IReadOnlySet<string> topics, IReadOnlyDictionary<TopicPartition, long> ends, CancellationToken cancellationToken) =>
        Task.Run(() =>
        {
            var partitions = ends.Keys.Where(partition => topics.Contains(partition.Topic)).ToList();
            if (partitions.Count == 0)
                return true;
            using var consumer = Open(group);
            return consumer.Committed(partitions, Timeout).TrueForAll(committed =>
                !committed.Offset.IsSpecial && committed.Offset.Value >= ends[committed.TopicPartition]);
        }, cancellationToken);

    // A consumer that never subscribes does not join its group.
    private IConsumer<Ignore, Ignore> Open(string group)
    {
        var config = kafka.Consumer();
        (config.GroupId, config.EnableAutoCommit) = (group, false);
        return new ConsumerBuilder<Ignore, Ignore>(config).SetLogHandler((_, _) => { }).Build();
    }
}
