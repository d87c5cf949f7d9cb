using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace ForgeShop.DevKafka.Tests;

using ErrorCode = Confluent.Kafka.ErrorCode;

/// <summary>What a librdkafka client may expect of a broker. The suite runs against DevKafka and against Apache Kafka.</summary>
public abstract class CompatibilityTests(IBrokerFixture broker)
{
    private readonly string _topic = $"topic-{Guid.NewGuid():N}";

    private Clients Clients => new(broker.Address);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Records_are_consumed_with_keys_headers_and_nulls_as_produced()
    {
        await CreateTopicAsync(1);
        using var producer = Clients.Producer();
        var headers = new Headers { { "a", Encoding.UTF8.GetBytes("1") }, { "empty", null } };
        var produced = await producer.ProduceAsync(_topic, new() { Key = "key", Value = "value", Headers = headers }, Token);

        await producer.ProduceAsync(_topic, new() { Key = null, Value = "no key" }, Token);
        await producer.ProduceAsync(_topic, new() { Key = "tombstone", Value = null }, Token);

        var records = Clients.ReadAll(_topic);

        produced.Offset.Value.ShouldBe(0);
        records.Select(stored => (stored.Message.Key, stored.Message.Value))
            .ShouldBe([("key", "value"), (null, "no key"), ("tombstone", null)]);
        var record = records[0];
        record.Message.Headers.Select(header => header.Key).ShouldBe(["a", "empty"]);
        record.Message.Headers[0].GetValueBytes().ShouldBe("1"u8.ToArray());
        record.Message.Timestamp.Type.ShouldBe(TimestampType.CreateTime);
    }

    [Theory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Snappy)]
    [InlineData(CompressionType.Lz4)]
    [InlineData(CompressionType.Zstd)]
    public async Task Compressed_batches_are_consumed_in_order(CompressionType codec)
    {
        await CreateTopicAsync(1);
        var values = Enumerable.Range(0, 500).Select(i => $"value {i} {new string('x', 100)}").ToList();
        using var producer = Clients.Producer(config => (config.CompressionType, config.LingerMs) = (codec, 20));
        await Task.WhenAll(values.Select(value => producer.ProduceAsync(_topic, new() { Key = "k", Value = value }, Token)));

        Clients.ReadAll(_topic).Select(record => record.Message.Value).ShouldBe(values);
    }

    [Theory]
    [InlineData(Acks.None)]
    [InlineData(Acks.Leader)]
    [InlineData(Acks.All)]
    public async Task Produce_with_any_acks_stores_the_record(Acks acks)
    {
        await CreateTopicAsync(1);
        using var producer = Clients.Producer(config => config.Acks = acks);
        await producer.ProduceAsync(_topic, new() { Key = "k", Value = "v" }, Token);

        await Eventually.True(
            "the record is stored", _ => Task.FromResult(Clients.ReadAll(_topic).Count == 1), cancellationToken: Token);
    }

    [Theory]
    [InlineData("1048588", false)]
    [InlineData("3000000", true)]
    public async Task Message_above_the_limit_of_the_topic_is_refused(string limit, bool isAccepted)
    {
        await CreateTopicAsync(1, new() { ["max.message.bytes"] = limit });
        using var producer = Clients.Producer(config => config.MessageMaxBytes = 4_000_000);
        Task<DeliveryResult<string?, string?>> ProduceAsync(int size) =>
            producer.ProduceAsync(_topic, new() { Key = "k", Value = new string('x', size) }, Token);

        if (isAccepted)
            (await ProduceAsync(2_000_000)).Offset.Value.ShouldBe(0);
        else
            (await Should.ThrowAsync<ProduceException<string?, string?>>(() => ProduceAsync(2_000_000))).Error.Code
                .ShouldBe(ErrorCode.MsgSizeTooLarge);
        (await ProduceAsync(1)).Offset.Value.ShouldBe(isAccepted ? 1 : 0);
    }

    [Fact]
    public async Task Idempotent_producer_stores_each_message_once_in_order()
    {
        await CreateTopicAsync(1);
        using var producer = Clients.Producer(config => config.EnableIdempotence = true);
        var values = Enumerable.Range(0, 1_000).Select(i => $"{i}").ToList();
        await Task.WhenAll(values.Select(value => producer.ProduceAsync(_topic, new() { Key = "k", Value = value }, Token)));

        Clients.ReadAll(_topic).Select(record => record.Message.Value).ShouldBe(values);
    }

    [Fact]
    public async Task CreateTopics_without_numbers_uses_the_defaults_of_the_broker()
    {
        using var admin = Clients.Admin();

        await admin.CreateTopicsAsync([new() { Name = _topic, NumPartitions = -1, ReplicationFactor = -1 }]);

        var partitions = await Eventually.Get(
            "the topic exists",
            _ => Task.FromResult(admin.GetMetadata(_topic, Eventually.DefaultTimeout).Topics[0].Partitions),
            partitions => partitions.Count > 0,
            cancellationToken: Token);
        partitions.Count.ShouldBe(6);
        partitions.ShouldAllBe(partition => partition.Replicas.Length == 1);
    }

    [Fact]
    public async Task CreateTopics_refuses_duplicates_bad_names_and_bad_settings()
    {
        await CreateTopicAsync(1);
        (await CreationErrorAsync(new() { Name = _topic, NumPartitions = 1 })).ShouldBe(ErrorCode.TopicAlreadyExists);
        (await CreationErrorAsync(new() { Name = _topic, NumPartitions = 1, ReplicationFactor = 3 }))
            .ShouldBe(ErrorCode.TopicAlreadyExists);
        (await CreationErrorAsync(new() { Name = "not legal", NumPartitions = 1 })).ShouldBe(ErrorCode.TopicException);
        (await CreationErrorAsync(new() { Name = new string('n', 250), NumPartitions = 1 })).ShouldBe(ErrorCode.TopicException);
        (await CreationErrorAsync(new() { Name = $"{_topic}-1", NumPartitions = 0 })).ShouldBe(ErrorCode.InvalidPartitions);
        (await CreationErrorAsync(new() { Name = $"{_topic}-2", ReplicationFactor = 3, NumPartitions = 1 }))
            .ShouldBe(ErrorCode.InvalidReplicationFactor);
        (await CreationErrorAsync(new() { Name = $"{_topic}-3", NumPartitions = 1, Configs = new() { ["max.message.bytes"] = "x" } }))
            .ShouldBe(ErrorCode.InvalidConfig);
        (await CreationErrorAsync(new() { Name = $"{_topic}-4", NumPartitions = 1, Configs = new() { ["no.such.setting"] = "1" } }))
            .ShouldBe(ErrorCode.InvalidConfig);
    }

    [Fact]
    public async Task CreateTopics_with_validate_only_creates_nothing()
    {
        using var admin = Clients.Admin();
        await admin.CreateTopicsAsync([new() { Name = _topic, NumPartitions = 2, ReplicationFactor = 1 }], new() { ValidateOnly = true });

        Exists(admin, _topic).ShouldBeFalse();
    }

    [Fact]
    public async Task Deleted_topic_is_gone_and_a_new_one_starts_empty()
    {
        await CreateTopicAsync(1);
        using var producer = Clients.Producer();
        await producer.ProduceAsync(_topic, new() { Key = "k", Value = "old" }, Token);
        using var admin = Clients.Admin();

        await admin.DeleteTopicsAsync([_topic]);

        await Eventually.True("the topic is gone", _ => Task.FromResult(!Exists(admin, _topic)), cancellationToken: Token);
        var error = await Should.ThrowAsync<DeleteTopicsException>(() => admin.DeleteTopicsAsync([_topic]));
        error.Results[0].Error.Code.ShouldBe(ErrorCode.UnknownTopicOrPart);
        await CreateTopicAsync(1);
        Clients.ReadAll(_topic).ShouldBeEmpty();
    }

    [Fact]
    public async Task ListOffsets_by_time_finds_the_first_record_at_or_after()
    {
        await CreateTopicAsync(1);
        using var producer = Clients.Producer();
        var start = TimeProvider.System.GetUtcNow().AddHours(-1);
        for (var i = 0; i < 100; i++)
            await producer.ProduceAsync(_topic, new() { Key = "k", Value = $"{i}", Timestamp = new(start.AddSeconds(i)) }, Token);
        using var admin = Clients.Admin();

        (await OffsetAsync(admin, OffsetSpec.Earliest())).ShouldBe(0);
        (await OffsetAsync(admin, OffsetSpec.Latest())).ShouldBe(100);
        (await OffsetAsync(admin, OffsetSpec.ForTimestamp(start.AddSeconds(42).ToUnixTimeMilliseconds()))).ShouldBe(42);
        (await OffsetAsync(admin, OffsetSpec.ForTimestamp(start.AddSeconds(42.5).ToUnixTimeMilliseconds()))).ShouldBe(43);
        (await OffsetAsync(admin, OffsetSpec.ForTimestamp(start.AddHours(2).ToUnixTimeMilliseconds()))).ShouldBe(-1);
    }

    [Fact]
    public async Task DescribeConfigs_returns_the_message_size_limit()
    {
        await CreateTopicAsync(1, new() { ["max.message.bytes"] = "2000000" });
        using var admin = Clients.Admin();

        var entries = (await admin.DescribeConfigsAsync([new() { Name = _topic, Type = ResourceType.Topic }]))[0].Entries;

        entries["max.message.bytes"].Value.ShouldBe("2000000");
        entries["max.message.bytes"].IsDefault.ShouldBeFalse();
        var missing = new ConfigResource { Name = $"{_topic}-missing", Type = ResourceType.Topic };
        var error = await Should.ThrowAsync<DescribeConfigsException>(() => admin.DescribeConfigsAsync([missing]));
        error.Results[0].Error.Code.ShouldBe(ErrorCode.UnknownTopicOrPart);
    }

    [Fact]
    public async Task DescribeCluster_returns_the_broker_and_one_cluster_ID()
    {
        using var admin = Clients.Admin();
        var cluster = await admin.DescribeClusterAsync(new());
        using var other = Clients.Admin();

        cluster.ClusterId.ShouldNotBeNullOrEmpty();
        cluster.ClusterId.ShouldBe((await other.DescribeClusterAsync(new())).ClusterId);
        $"127.0.0.1:{cluster.Nodes.ShouldHaveSingleItem().Port}".ShouldBe(broker.Address);
        cluster.Controller.Id.ShouldBe(cluster.Nodes[0].Id);
    }

    [Fact]
    public async Task Topic_is_created_when_a_producer_first_uses_it()
    {
        using var producer = Clients.Producer();
        (await producer.ProduceAsync(_topic, new() { Key = "k", Value = "v" }, Token)).Status.ShouldBe(PersistenceStatus.Persisted);
    }

    [Fact]
    public async Task Waiting_fetch_returns_at_once_when_a_record_arrives()
    {
        const int Records = 100;
        await CreateTopicAsync(6);
        using var producer = Clients.Producer(config => config.EnableIdempotence = true);
        using var consumer = Clients.Consumer("latency", config => config.FetchWaitMaxMs = 300_000);
        consumer.Assign(Enumerable.Range(0, 6).Select(partition => new TopicPartitionOffset(_topic, partition, Offset.Beginning)));
        consumer.Consume(TimeSpan.FromMilliseconds(300)).ShouldBeNull();
        for (var i = 0; i < Records; i++)
        {
            var producing = producer.ProduceAsync(_topic, new() { Key = $"{i}", Value = $"{i}" }, Token);
            // A fetch that waits for its maximum takes longer than the time-out of this call.
            Tests.Clients.Next(consumer).Message.Value.ShouldBe($"{i}");
            await producing;
        }
    }

    private static bool Exists(IAdminClient admin, string name) =>
        admin.GetMetadata(Eventually.DefaultTimeout).Topics.Exists(topic => topic.Topic == name);

    private Task CreateTopicAsync(int partitions, Dictionary<string, string>? configs = null) =>
        Clients.CreateTopicAsync(_topic, partitions, configs);

    private async Task<ErrorCode> CreationErrorAsync(TopicSpecification topic)
    {
        using var admin = Clients.Admin();
        return (await Should.ThrowAsync<CreateTopicsException>(() => admin.CreateTopicsAsync([topic]))).Results[0].Error.Code;
    }

    private async Task<long> OffsetAsync(IAdminClient admin, OffsetSpec spec)
    {
        var result = await admin.ListOffsetsAsync([new() { TopicPartition = new(_topic, 0), OffsetSpec = spec }]);
        return result.ResultInfos[0].TopicPartitionOffsetError.Offset.Value;
    }
}
