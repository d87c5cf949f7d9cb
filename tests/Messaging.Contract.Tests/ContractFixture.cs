using System.Text;
using Confluent.Kafka;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;

namespace ForgeShop.Messaging.Contract.Tests;

/// <summary>One service under test on servers of its own.</summary>
public sealed class ContractFixture<TService> : IAsyncLifetime where TService : ServiceUnderTest, new()
{
    private const int Partitions = 3;

    private readonly PostgresServer _postgres = new();
    private readonly Lazy<IProducer<byte[]?, byte[]?>> _producer;

    public ContractFixture() => _producer = new(() => new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
    {
        BootstrapServers = Kafka.BootstrapServers, Partitioner = Partitioner.Murmur2Random, EnableIdempotence = true, LingerMs = 2,
    }).SetLogHandler(Ignore).Build());

    public TService Service { get; } = new();

    public KafkaServer Kafka { get; } = new(Partitions);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (Service.Missing is not null)
            return;
        await Task.WhenAll(_postgres.StartAsync(Cancelled), Kafka.StartAsync(Cancelled));
        await Service.PrepareAsync(_postgres);
        Service.Start(Kafka);
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        if (_producer.IsValueCreated)
            _producer.Value.Dispose();
        await Kafka.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    /// <summary>Publishes messages in their order.</summary>
    public Task PublishAsync(params IReadOnlyList<Message<byte[]?, byte[]?>> messages) =>
        Task.WhenAll(messages.Select(message => _producer.Value.ProduceAsync(Topics.OrderEvents, message, Cancelled)));

    /// <summary>Publishes a new order to each partition and waits until it is handled: everything before it is, too.</summary>
    public async Task HandledUpToHereAsync()
    {
        var markers = Enumerable.Range(0, Partitions).Select(_ => new TestOrder()).ToList();
        await Task.WhenAll(markers.Select((marker, partition) =>
            _producer.Value.ProduceAsync(new TopicPartition(Topics.OrderEvents, partition), marker.Placed, Cancelled)));
        foreach (var marker in markers)
            await HandledAsync(marker, OrderPlaced.Type);
    }

    /// <summary>Waits until the database has the effects of these types of events of an order.</summary>
    public async Task HandledAsync(TestOrder order, params string[] types)
    {
        var expected = Service.StateOf(types);
        try
        {
            await Eventually.Get(
                $"{Service.Name} has {expected}", _ => Service.StateAsync(order), state => state == expected, cancellationToken: Cancelled);
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\n{Service.Log()}", timeout);
        }
    }

    /// <summary>Waits until each order has as many dead letters, and returns them.</summary>
    public Task<ILookup<string, Message<byte[]?, byte[]?>>> DeadLettersAsync(
        int count, params IReadOnlyList<TestOrder> orders) => Eventually.Get(
        $"{count} dead letters of each order",
        _ => Task.Run(() =>
            Read(Topics.DeadLetters(Topics.OrderEvents)).ToLookup(letter => Encoding.UTF8.GetString(letter.Key ?? []))),
        letters => orders.All(order => letters[$"{order.Id}"].Count() >= count), cancellationToken: Cancelled);

    /// <summary>Returns the group's offsets, as of now.</summary>
    public List<TopicPartitionOffset> Offsets()
    {
        using var consumer = Consumer(Service.Name);
        return consumer.Committed(All, Eventually.DefaultTimeout);
    }

    /// <summary>Sets the offsets of the group, which must have no members. A killed member is one until its session has expired.</summary>
    public async Task SetOffsetsAsync(IEnumerable<TopicPartitionOffset> offsets) => await Eventually.Get(
        "the offsets are set",
        _ => Task.Run(() =>
        {
            using var consumer = Consumer(Service.Name);
            consumer.Commit(offsets.Select(offset => offset.Offset == Offset.Unset ? new(offset.TopicPartition, 0) : offset));
            return true;
        }),
        _ => true, cancellationToken: Cancelled);

    /// <summary>Gets the partitions of order.events.</summary>
    public IReadOnlyList<TopicPartition> All { get; } =
        [.. Enumerable.Range(0, Partitions).Select(partition => new TopicPartition(Topics.OrderEvents, partition))];

    private IConsumer<byte[]?, byte[]?> Consumer(string group) => new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig
    {
        BootstrapServers = Kafka.BootstrapServers, GroupId = group, EnableAutoCommit = false, EnablePartitionEof = true,
    }).SetLogHandler(Ignore).Build();

    // A broker that is away is no news here.
    private static void Ignore(IClient client, LogMessage line)
    {
    }

    private List<Message<byte[]?, byte[]?>> Read(string topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Kafka.BootstrapServers }).Build();
        var partitions = admin.GetMetadata(Eventually.DefaultTimeout).Topics.Where(known => known.Topic == topic)
            .SelectMany(known => known.Partitions).Select(partition => new TopicPartition(topic, partition.PartitionId)).ToHashSet();
        using var consumer = Consumer("contract-tests");
        consumer.Assign(partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)));
        var messages = new List<Message<byte[]?, byte[]?>>();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        timeout.CancelAfter(Eventually.DefaultTimeout);
        while (partitions.Count > 0)
        {
            var consumed = consumer.Consume(timeout.Token);
            if (consumed.IsPartitionEOF)
                partitions.Remove(consumed.TopicPartition);
            else
                messages.Add(consumed.Message);
        }

        return messages;
    }
}
