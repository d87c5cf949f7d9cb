using Confluent.Kafka;
using DotNet.Testcontainers.Containers;
using Npgsql;
using StackExchange.Redis;
using Testcontainers.Kafka;
using Testcontainers.PostgreSql;
using Testcontainers.Redis;

namespace ForgeShop.StandIns.Tests;

public sealed class TestcontainersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PostgreSQL_has_its_database_and_keeps_data_and_port_over_stop_and_start()
    {
        await using var container = new PostgreSqlBuilder("postgres:18.3")
            .WithDatabase("shop").WithUsername("ada").WithPassword("secret").WithCommand("-c", "max_connections=55").Build();
        Should.Throw<InvalidOperationException>(container.GetConnectionString);
        await container.StartAsync(Token);
        container.State.ShouldBe(TestcontainersStates.Running);
        var address = container.GetConnectionString();
        await ScalarAsync(address, "CREATE TABLE t AS SELECT 7 AS x");
        (await ScalarAsync(address, "SHOW max_connections")).ShouldBe("55");

        await container.StopAsync(Token);
        container.State.ShouldBe(TestcontainersStates.Exited);
        await Should.ThrowAsync<NpgsqlException>(() => ScalarAsync(address, "SELECT 1"));
        await container.StartAsync(Token);
        await container.StartAsync(Token); // a second time changes nothing

        container.GetConnectionString().ShouldBe(address);
        (await ScalarAsync(address, "SELECT x FROM t")).ShouldBe(7);
    }

    [Fact]
    public async Task PostgreSQL_runs_scripts()
    {
        await using var container = new PostgreSqlBuilder("postgres:18.3").Build();
        await container.StartAsync(Token);

        var result = await container.ExecScriptAsync("SELECT 6 * 7 AS answer;", Token);

        result.ExitCode.ShouldBe(0);
        result.Stdout.ShouldContain("42");
        (await container.ExecScriptAsync("SELECT nonsense;", Token)).Stderr.ShouldContain("nonsense");
    }

    [Fact]
    public async Task A_paused_server_does_not_answer_until_it_goes_on()
    {
        await using var container = new PostgreSqlBuilder("postgres:18.3").Build();
        await container.StartAsync(Token);
        var impatient = new NpgsqlConnectionStringBuilder(container.GetConnectionString()) { Timeout = 1, CommandTimeout = 1, Pooling = false }.ConnectionString;
        (await ScalarAsync(impatient, "SELECT 1")).ShouldBe(1);

        await container.PauseAsync(Token);
        container.State.ShouldBe(TestcontainersStates.Paused);
        await Should.ThrowAsync<Exception>(() => ScalarAsync(impatient, "SELECT 1"));

        await container.UnpauseAsync(Token);
        (await ScalarAsync(impatient, "SELECT 1")).ShouldBe(1);
    }

    [Fact]
    public async Task Redis_serves_keeps_its_data_and_runs_scripts()
    {
        await using var container = new RedisBuilder("redis:8.6").Build();
        await container.StartAsync(Token);
        using (var client = await ConnectionMultiplexer.ConnectAsync(container.GetConnectionString()))
            await client.GetDatabase().StringSetAsync("k", "v");

        await container.StopAsync(Token);
        await container.StartAsync(Token);

        using var again = await ConnectionMultiplexer.ConnectAsync(container.GetConnectionString());
        ((string?)await again.GetDatabase().StringGetAsync("k")).ShouldBe("v");
        (await container.ExecScriptAsync("return redis.call('get', 'k')", Token)).Stdout.Trim().ShouldBe("v");
    }

    [Fact]
    public async Task Kafka_serves_under_its_bootstrap_address_with_the_partitions_that_the_image_would_give()
    {
        await using var container = new KafkaBuilder("apache/kafka:4.1.0").WithEnvironment("KAFKA_NUM_PARTITIONS", "4").Build();
        await container.StartAsync(Token);
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = container.GetBootstrapAddress() }).Build();

        (await producer.ProduceAsync("t", new() { Value = "v" }, Token)).Status.ShouldBe(PersistenceStatus.Persisted);

        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = container.GetBootstrapAddress() }).Build();
        admin.GetMetadata("t", TimeSpan.FromSeconds(10)).Topics[0].Partitions.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Containers_that_are_disposed_have_left_nothing_behind()
    {
        var container = new PostgreSqlBuilder("postgres:18.3").Build();
        await container.StartAsync(Token);
        var address = container.GetConnectionString();
        var folder = (string?)await ScalarAsync(address, "SHOW data_directory");
        Directory.Exists(folder).ShouldBeTrue();

        await container.DisposeAsync();

        Directory.Exists(folder).ShouldBeFalse();
        await Should.ThrowAsync<NpgsqlException>(() => ScalarAsync(address, "SELECT 1"));
    }

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Token);
    }
}
