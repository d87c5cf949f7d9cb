using System.Text.RegularExpressions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace ForgeShop.Messaging.Tests;

/// <summary>The database refuses connections or ends them.</summary>
public sealed class StoreFaultTests(Servers servers, Broker broker) : StoreFaultTest(servers, broker)
{
    /// <summary>The statements that begin and end the fault. {0} is the database and its owner.</summary>
    public static TheoryData<string, string, string> Faults => new()
    {
        { "read-only", $"ALTER DATABASE {{0}} SET default_transaction_read_only = on; {Terminate}",
            "ALTER DATABASE {0} RESET default_transaction_read_only" },
        { "too many connections", $"ALTER ROLE {{0}} CONNECTION LIMIT 0; {Terminate}", "ALTER ROLE {0} CONNECTION LIMIT -1" },
        { "no connections", $"ALTER DATABASE {{0}} ALLOW_CONNECTIONS false; {Terminate}", "ALTER DATABASE {0} ALLOW_CONNECTIONS true" },
        { "no login", $"ALTER ROLE {{0}} NOLOGIN; {Terminate}", "ALTER ROLE {0} LOGIN" },
        { "password", $"ALTER ROLE {{0}} PASSWORD 'other'; {Terminate}", "ALTER ROLE {0} PASSWORD 'test'" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Database_that_refuses_for_a_while_delays_the_events(string fault, string begin, string end)
    {
        fault.ShouldNotBeEmpty();
        await using var service = await StartAsync();
        await using var producer = await StartAsync(Kafka, consumes: false);
        await AssertDelayedAsync(
            service, producer, () => Servers.ExecuteAsync(service.Database, begin), () => Servers.ExecuteAsync(service.Database, end));
    }

    [Fact]
    public async Task Repeatedly_terminated_connections_delay_the_events()
    {
        await using var service = await StartAsync();
        var isOver = false;
        var fault = Task.CompletedTask;
        await using var producer = await StartAsync(Kafka, consumes: false);
        await AssertDelayedAsync(
            service, producer,
            () =>
            {
                fault = Task.Run(async () =>
                {
                    // One connection for all: a new one each time would leave the service enough time between two terminations.
                    await using var connection = await Servers.ConnectAsync(Servers.Postgres.ConnectionString);
                    var terminate = Terminate.Replace(
                        "{0}", new NpgsqlConnectionStringBuilder(service.Database).Database, StringComparison.Ordinal);
                    while (!isOver)
                        await ExecuteAsync(connection, terminate);
                });
                return Task.CompletedTask;
            },
            () =>
            {
                isOver = true;
                return fault;
            });
    }
}

/// <summary>The database reports that it cannot execute a statement now.</summary>
public sealed class StoreErrorTests(Servers servers, Broker broker) : StoreFaultTest(servers, broker)
{
    [Theory]
    [InlineData("40001", "40P01", "53100", "53200", "55P03")]
    [InlineData("57014", "57P01", "58030", "25006", "42501")]
    public async Task Error_of_the_store_delays_the_events(params string[] sqlStates)
    {
        await using var service = await StartAsync();
        await using var producer = await StartAsync(Kafka, consumes: false);
        await using var connection = await Servers.ConnectAsync(service.Database);
        foreach (var sqlState in sqlStates)
        {
            service.Log.Clear();
            await AssertDelayedAsync(
                service, producer,
                () => ExecuteAsync(connection, $"""
                    CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql
                    AS $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{sqlState}'; END $$;
                    CREATE TRIGGER fail BEFORE INSERT ON effects FOR EACH ROW EXECUTE FUNCTION fail()
                    """),
                () => ExecuteAsync(connection, "DROP TRIGGER fail ON effects"));
        }
    }

    [Theory]
    [InlineData("lock_timeout")]
    [InlineData("statement_timeout")]
    public async Task Locked_table_delays_the_events(string timeout)
    {
        await using var service = await StartAsync($"Options=-c {timeout}=500");
        await using var connection = await Servers.ConnectAsync(service.Database);
        await using var producer = await StartAsync(Kafka, consumes: false);
        await AssertDelayedAsync(
            service, producer,
            () => ExecuteAsync(connection, "BEGIN; LOCK TABLE effects IN ACCESS EXCLUSIVE MODE"),
            () => ExecuteAsync(connection, "ROLLBACK"));
    }
}

/// <summary>
/// During a fault of the store, no message is dead-lettered, although one attempt is the maximum. Afterwards the service continues.
/// </summary>
public abstract partial class StoreFaultTest(Servers servers, Broker broker) : SharedKafkaTest(servers, broker)
{
    protected const string Terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{0}'";

    /// <summary>Starts a service with the backoff of production.</summary>
    /// <param name="settings">Settings of its connections.</param>
    protected async Task<CounterService> StartAsync(string settings = "") => await StartAsync(new CounterService
    {
        Kafka = Kafka, Database = $"{await Servers.CreateDatabaseAsync()};{settings}",
        Settings = [("Messaging:MaxAttempts", "1"), ("Messaging:MinBackoff", "00:00:00.200"), ("Messaging:MaxBackoff", "00:00:05")],
    });

    protected async Task AssertDelayedAsync(CounterService service, CounterService producer, Func<Task> begin, Func<Task> end)
    {
        var (before, during) = (NewCounters(3), NewCounters(12));
        foreach (var counter in before)
            await producer.CountAsync(counter);
        foreach (var counter in before)
            await service.HandledAsync(counter, 1);

        await begin();
        foreach (var counter in during.Concat(before))
            await producer.CountAsync(counter, 3);
        // The first failure may be that of a connection which was terminated before.
        await EventuallyAsync("the fault is seen", () => service.Log.Any(SecondAttempt().IsMatch));
        await end();

        foreach (var counter in during)
            (await service.HandledAsync(counter, 3)).ShouldBe(UpTo(3));
        foreach (var counter in before)
            (await service.HandledAsync(counter, 4)).ShouldBe(UpTo(4));
        await service.HealthAsync(HealthStatus.Healthy);
        service.Log.ShouldNotContain(line => line.Contains("counted", StringComparison.Ordinal));
        (await KafkaLog.ReadAsync(Kafka, DeadLetterTopic)).ShouldNotContain(letter => letter.Header("dlq_group") == service.Name);
    }

    protected static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancelled);
    }

    [GeneratedRegex(@"failed \(attempt [2-9], the store is unavailable\)")]
    private static partial Regex SecondAttempt();
}
