using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Consumer = Confluent.Kafka.IConsumer<string?, string?>;

namespace ForgeShop.DevKafka.Tests;

using ErrorCode = Confluent.Kafka.ErrorCode;

/// <summary>What consumer groups of librdkafka may expect of a broker. The suite runs against DevKafka and against Apache Kafka.</summary>
public abstract class GroupCompatibilityTests(IBrokerFixture broker)
{
    private const int Partitions = 6;

    private readonly string _topic = $"topic-{Guid.NewGuid():N}";
    private readonly string _group = $"group-{Guid.NewGuid():N}";

    private Clients Clients => new(broker.Address);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Group_resumes_at_the_committed_offset()
    {
        await CreateTopicAsync(1);
        await ProduceAsync(10);
        using (var first = Subscribe())
        {
            for (var i = 0; i < 4; i++)
                first.Commit(Tests.Clients.Next(first));
            first.Close();
        }

        using var second = Subscribe();
        Enumerable.Range(0, 6).Select(_ => Tests.Clients.Next(second).Message.Value).ShouldBe(["4", "5", "6", "7", "8", "9"]);
        second.Close();
    }

    [Theory]
    [InlineData(PartitionAssignmentStrategy.Range)]
    [InlineData(PartitionAssignmentStrategy.RoundRobin)]
    [InlineData(PartitionAssignmentStrategy.CooperativeSticky)]
    public async Task Members_share_partitions_and_take_over_from_a_leaver(PartitionAssignmentStrategy strategy)
    {
        await CreateTopicAsync(Partitions);
        using var first = Subscribe(config => config.PartitionAssignmentStrategy = strategy);
        await AssignedAsync(first, [first], [6]);
        using var second = Subscribe(config => config.PartitionAssignmentStrategy = strategy);
        await AssignedAsync(first, [first, second], [3, 3]);
        using var third = Subscribe(config => config.PartitionAssignmentStrategy = strategy);
        await AssignedAsync(first, [first, second, third], [2, 2, 2]);

        Close(second, first, third);
        await AssignedAsync(first, [first, third], [3, 3]);
        Close(third, first);
        await AssignedAsync(first, [first], [6]);

        await ProduceAsync(1);
        Tests.Clients.Next(first).Message.Value.ShouldBe("0");
        first.Close();
    }

    [Fact]
    public async Task Partitions_of_a_dead_member_are_reassigned_after_its_session()
    {
        await CreateTopicAsync(Partitions);
        using var survivor = Subscribe();
        var victim = Subscribe(config => config.SocketTimeoutMs = 10_000);
        await AssignedAsync(survivor, [survivor, victim], [3, 3]);

        victim.Dispose(); // the connection ends without LeaveGroup

        await AssignedAsync(survivor, [survivor], [6]);
        survivor.Close();
    }

    [Fact]
    public async Task Session_timeout_outside_the_limits_is_refused()
    {
        await CreateTopicAsync(1);
        using var consumer = Subscribe(config => (config.SessionTimeoutMs, config.HeartbeatIntervalMs) = (1_000, 300));

        Should.Throw<ConsumeException>(() => Tests.Clients.Next(consumer)).Error.Code.ShouldBe(ErrorCode.InvalidSessionTimeout);
    }

    [Fact]
    public async Task Admin_reads_committed_offsets_and_alters_those_of_an_empty_group()
    {
        await CreateTopicAsync(1);
        await ProduceAsync(3);
        using var consumer = Subscribe();
        consumer.Commit(Tests.Clients.Next(consumer));
        using var admin = Clients.Admin();
        (await OffsetAsync(admin)).ShouldBe(1);
        var altered = new ConsumerGroupTopicPartitionOffsets(_group, [new(_topic, 0, 3)]);
        await Should.ThrowAsync<AlterConsumerGroupOffsetsException>(() => admin.AlterConsumerGroupOffsetsAsync([altered]));

        consumer.Close();
        await admin.AlterConsumerGroupOffsetsAsync([altered]);

        (await OffsetAsync(admin)).ShouldBe(3);
    }

    private Consumer Subscribe(Action<ConsumerConfig>? configure = null)
    {
        var consumer = Clients.Consumer(_group, configure);
        consumer.Subscribe(_topic);
        return consumer;
    }

    /// <summary>Polls all members, which take part in rebalances only so, until each has a number of partitions.</summary>
    private static Task AssignedAsync(Consumer first, Consumer[] members, int[] counts) => Eventually.Get(
        $"{first.Name} and others have {string.Join(',', counts)} partitions",
        _ =>
        {
            foreach (var member in members)
                member.Consume(TimeSpan.FromMilliseconds(20)).ShouldBeNull();

            return Task.FromResult(string.Join(',', members.Select(member => member.Assignment.Count)));
        },
        assigned => assigned == string.Join(',', counts),
        cancellationToken: Token);

    /// <summary>Closes a member while the others are polled: an eager rebalance waits for them.</summary>
    private static void Close(Consumer leaver, params Consumer[] others)
    {
        var closing = Task.Run(leaver.Close);
        while (!closing.IsCompleted)
            foreach (var other in others)
                other.Consume(TimeSpan.FromMilliseconds(20)).ShouldBeNull();
        closing.GetAwaiter().GetResult();
    }

    private async Task<long> OffsetAsync(IAdminClient admin)
    {
        var result = await admin.ListConsumerGroupOffsetsAsync([new(_group, null)]);
        return result[0].Partitions.ShouldHaveSingleItem().Offset.Value;
    }

    private Task CreateTopicAsync(int partitions) => Clients.CreateTopicAsync(_topic, partitions);

    private async Task ProduceAsync(int count)
    {
        using var producer = Clients.Producer();
        for (var i = 0; i < count; i++)
            await producer.ProduceAsync(_topic, new() { Key = "k", Value = $"{i}" }, Token);
    }
}
