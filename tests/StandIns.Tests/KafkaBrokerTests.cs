using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ForgeShop.StandIns.NativeServers;

namespace ForgeShop.StandIns.Tests;

public sealed class KafkaBrokerTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = TemporaryFolder.Private();
    private KafkaBroker broker = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private KafkaBrokerOptions Options => new()
    {
        DataFolder = folder.For("kafka"),
        Topics = new Dictionary<string, int> { ["declared"] = 3 },
    };

    public async ValueTask InitializeAsync() => broker = await KafkaBroker.StartAsync(Options, Token);

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        await folder.DisposeAsync();
    }

    [Fact]
    public void Metadata_names_the_one_fixed_port_and_topics_have_the_partitions_they_shall_have()
    {
        using var admin = Admin();

        var metadata = admin.GetMetadata("undeclared", TimeSpan.FromSeconds(10));
        metadata.Brokers.ShouldHaveSingleItem().Port.ShouldBe(broker.Port);
        metadata.Topics.ShouldHaveSingleItem().Partitions.Count.ShouldBe(12);
        admin.GetMetadata("declared", TimeSpan.FromSeconds(10)).Topics[0].Partitions.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Topics_can_be_created_once_and_only_with_sensible_names_and_partitions()
    {
        using var admin = Admin();

        await admin.CreateTopicsAsync([new() { Name = "created", NumPartitions = 5, ReplicationFactor = 1 }]);

        admin.GetMetadata("created", TimeSpan.FromSeconds(10)).Topics[0].Partitions.Count.ShouldBe(5);
        (await CreationErrorAsync("created", 5)).ShouldBe(ErrorCode.TopicAlreadyExists);
        (await CreationErrorAsync("not legal", 5)).ShouldBe(ErrorCode.TopicException);
        (await CreationErrorAsync("too-many", 100_000)).ShouldBe(ErrorCode.InvalidPartitions);

        async Task<ErrorCode> CreationErrorAsync(string name, int partitions) => (await Should.ThrowAsync<CreateTopicsException>(
            () => admin.CreateTopicsAsync([new() { Name = name, NumPartitions = partitions, ReplicationFactor = 1 }]))).Results[0].Error.Code;
    }

    [Fact]
    public async Task A_group_goes_on_where_its_last_member_stopped()
    {
        using var producer = Producer();
        for (var i = 0; i < 10; i++)
            await producer.ProduceAsync("orders", new() { Key = "k", Value = $"{i}" }, Token);

        using (var first = Consumer("shop"))
        {
            first.Subscribe("orders");
            for (var i = 0; i < 4; i++)
                first.Commit(Next(first));
            first.Close();
        }

        using var second = Consumer("shop");
        second.Subscribe("orders");
        Enumerable.Range(0, 6).Select(_ => Next(second).Message.Value).ShouldBe(["4", "5", "6", "7", "8", "9"]);
        second.Close();
    }

    [Fact]
    public async Task Members_share_the_partitions_and_take_over_from_one_that_leaves()
    {
        using var producer = Producer();
        using var first = Consumer("sharing");
        using var second = Consumer("sharing");
        first.Subscribe("shared");
        second.Subscribe("shared");

        await EventuallyAsync(() => Poll(first, second), _ => (first.Assignment.Count, second.Assignment.Count) == (6, 6));
        first.Assignment.Concat(second.Assignment).Distinct().Count().ShouldBe(12);

        second.Close();
        await EventuallyAsync(() => Poll(first), _ => first.Assignment.Count == 12);
        await producer.ProduceAsync("shared", new() { Key = "k", Value = "v" }, Token);
        Next(first).Message.Value.ShouldBe("v");
        first.Close();
    }

    [Fact]
    public async Task Partitions_of_a_member_that_died_are_given_to_others_when_its_session_is_over()
    {
        using var second = Consumer("mourning");
        var first = Consumer("mourning");
        first.Subscribe("inherited");
        second.Subscribe("inherited");
        await EventuallyAsync(() => Poll(first, second), _ => (first.Assignment.Count, second.Assignment.Count) == (6, 6));

        first.Dispose(); // without Close nobody tells the group

        await EventuallyAsync(() => Poll(second), _ => second.Assignment.Count == 12);
        second.Close();
    }

    [Fact]
    public void A_session_that_a_real_broker_would_refuse_is_refused()
    {
        using var consumer = Consumer("hasty", config => (config.SessionTimeoutMs, config.HeartbeatIntervalMs) = (1_000, 300));
        consumer.Subscribe("orders");

        Should.Throw<ConsumeException>(() => consumer.Consume(Limit)).Error.Code.ShouldBe(ErrorCode.InvalidSessionTimeout);
    }

    [Fact]
    public async Task A_message_arrives_within_a_moment_whatever_the_fetch_may_wait_for()
    {
        using var producer = Producer();
        await producer.ProduceAsync("quick", new() { Key = "k", Value = "warm up" }, Token);
        using var consumer = Consumer("quick", config => config.FetchWaitMaxMs = 30_000);
        consumer.Subscribe("quick");
        Next(consumer);
        await Task.Delay(300, Token); // now a fetch that found nothing is waiting

        var clock = System.Diagnostics.Stopwatch.StartNew();
        await producer.ProduceAsync("quick", new() { Key = "k", Value = "v" }, Token);
        Next(consumer);

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10), "the fetch that was waiting would have waited 30 s");
        consumer.Close();
    }

    [Fact]
    public async Task Clients_survive_a_broker_that_is_killed_and_comes_back_empty_on_its_port()
    {
        using var producer = Producer();
        using var consumer = Consumer("survivors");
        consumer.Subscribe("orders");
        for (var i = 0; i < 5; i++)
            await producer.ProduceAsync("orders", new() { Key = "k", Value = $"before {i}" }, Token);
        var old = Enumerable.Range(0, 5).Select(_ => Next(consumer)).ToList();
        consumer.Commit(old[2]);

        var port = broker.Port;
        await broker.Process.KillAsync();
        await broker.DisposeAsync();
        var meanwhile = producer.ProduceAsync("orders", new() { Key = "k", Value = "meanwhile" }, Token);
        broker = await KafkaBroker.StartAsync(Options with { Port = port }, Token);

        (await meanwhile.WaitAsync(Limit, Token)).Offset.Value.ShouldBe(0);
        Should.Throw<KafkaException>(() => consumer.Commit(old[4])).Error.IsFatal.ShouldBeFalse(); // that was another life
        await producer.ProduceAsync("orders", new() { Key = "k", Value = "after" }, Token);

        var values = new[] { Next(consumer), Next(consumer) };
        values.Select(value => value.Message.Value).ShouldBe(["meanwhile", "after"]);
        consumer.Commit(values[1]);
        consumer.Close();
    }

    [Fact]
    public async Task A_client_that_does_not_speak_Kafka_is_disconnected_and_nobody_else_notices()
    {
        using var stranger = new System.Net.Sockets.TcpClient();
        await stranger.ConnectAsync("127.0.0.1", broker.Port, Token);
        await stranger.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), Token);
        (await stranger.GetStream().ReadAsync(new byte[10], Token).AsTask().WaitAsync(Limit, Token)).ShouldBe(0);

        using var producer = Producer();
        (await producer.ProduceAsync("orders", new() { Key = "k", Value = "v" }, Token)).Status.ShouldBe(PersistenceStatus.Persisted);
    }

    [Fact]
    public async Task A_clean_stop_ends_within_the_grace_and_exits_with_0_though_clients_are_connected()
    {
        using var producer = Producer();
        await producer.ProduceAsync("orders", new() { Key = "k", Value = "v" }, Token);

        // Whoever takes longer than the grace is killed, and does not exit with 0.
        (await broker.Process.StopAsync(TimeSpan.FromSeconds(10), Token)).ShouldBe(0);
    }

    private static int Poll(params IConsumer<string, string>[] consumers)
    {
        foreach (var consumer in consumers)
            consumer.Consume(TimeSpan.FromMilliseconds(50)).ShouldBeNull();
        return consumers.Length;
    }

    private static ConsumeResult<string, string> Next(IConsumer<string, string> consumer) =>
        consumer.Consume(Limit) ?? throw new TimeoutException($"no message within {Limit.TotalSeconds} s");

    private IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.ConnectionString }).SetLogHandler((_, _) => { }).Build();

    private IProducer<string, string> Producer() => new ProducerBuilder<string, string>(new ProducerConfig
    {
        BootstrapServers = broker.ConnectionString,
        EnableIdempotence = true,
        MessageTimeoutMs = (int)Limit.TotalMilliseconds,
        ReconnectBackoffMaxMs = 500,
    }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();

    private IConsumer<string, string> Consumer(string group, Action<ConsumerConfig>? configure = null)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = broker.ConnectionString,
            GroupId = group,
            EnableAutoCommit = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            SessionTimeoutMs = 6_000,
            HeartbeatIntervalMs = 500,
            ReconnectBackoffMaxMs = 500,
        };
        configure?.Invoke(config);
        return new ConsumerBuilder<string, string>(config)
            .SetLogHandler((_, _) => { })
            .SetErrorHandler((_, _) => { })
            .SetPartitionsAssignedHandler((_, _) => { }) // with handlers a group is joined again inside Consume, and only there
            .SetPartitionsLostHandler((_, _) => { })
            .Build();
    }
}
