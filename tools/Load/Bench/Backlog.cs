using Confluent.Kafka;
using ForgeShop.Load.Chaos;
using Npgsql;

namespace ForgeShop.Load.Bench;

/// <summary>
/// The backlog of placed orders: checkouts, unpublished messages and the lag of the consumers. A round begins with an empty backlog, so
/// that it is not slowed down by the round before.
/// </summary>
internal sealed class Backlog : IAsyncDisposable
{
    private static readonly string[] OutboxDatabases = ["users-db", "orders-db", "inventory-db", "payments-db", "notifications-db"];
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5), Poll = TimeSpan.FromMilliseconds(100),
        BrokerTimeout = TimeSpan.FromSeconds(10);

    private const string Unpublished =
        $"select {StatementCounter.Marker} count(*) from outbox where published_at is null and error is null";

    private readonly NpgsqlDataSource[] _databases;
    private readonly IConsumer<Ignore, Ignore>[] _groups;
    private readonly TimeProvider _time;

    private Backlog(NpgsqlDataSource[] databases, IConsumer<Ignore, Ignore>[] groups, TimeProvider time) =>
        (_databases, _groups, _time) = (databases, groups, time);

    public static async Task<Backlog> OpenAsync(IsolatedAppHost host, TimeProvider time, CancellationToken cancellationToken)
    {
        var kafka = await host.ConnectionStringAsync("kafka", cancellationToken);
        var databases = new List<NpgsqlDataSource>();
        foreach (var database in host.HasRecommendations ? OutboxDatabases.Append("recommendations-db") : OutboxDatabases)
            databases.Add(NpgsqlDataSource.Create(await host.ConnectionStringAsync(database, cancellationToken)));
        // A service's name is its consumer group. These consumers read the group's offsets and do not join it.
        return new([.. databases], [.. host.Services.Select(service => Group(kafka, service))], time);
    }

    private NpgsqlDataSource Orders => _databases[Array.IndexOf(OutboxDatabases, "orders-db")];

    /// <summary>
    /// Waits until every checkout has ended. The partial index of waiting sagas keeps the query cheap for any number of orders.
    /// </summary>
    /// <exception cref="TimeoutException">Checkouts do not end.</exception>
    public Task CheckedOutAsync(CancellationToken cancellationToken) => WaitAsync(
        "orders are not confirmed",
        () => CountAsync(Orders, $"select {StatementCounter.Marker} count(*) from sagas where due_at is not null", [], cancellationToken),
        cancellationToken);

    public Task<long> CountConfirmedAsync(IEnumerable<AcceptedOrder> orders, CancellationToken cancellationToken) => CountAsync(
        Orders, "select count(*) from orders where status = 'confirmed' and id = any($1)",
        [orders.Select(order => order.Id.Value).ToArray()],
        cancellationToken);

    /// <summary>Waits until all outboxes are published and all consumers have committed their offsets up to the end.</summary>
    /// <exception cref="TimeoutException">Messages stay unpublished or unhandled.</exception>
    public Task DrainedAsync(CancellationToken cancellationToken) => WaitAsync(
        "messages are not published or not handled",
        async () =>
        {
            var pending = 0L;
            foreach (var database in _databases)
                pending += await CountAsync(database, Unpublished, [], cancellationToken);
            return pending > 0 ? pending : await Task.Run(() => _groups.Sum(Lag), cancellationToken);
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _databases)
            await database.DisposeAsync();
        foreach (var group in _groups)
            group.Dispose();
    }

    // librdkafka logs to the console that the broker has stopped, which it does when the run ends.
    private static IConsumer<Ignore, Ignore> Group(string kafka, string service) =>
        new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = kafka, GroupId = service }).SetLogHandler((_, _) => { })
            .Build();

    private async Task WaitAsync(string what, Func<Task<long>> count, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (await count() is var left and > 0)
        {
            if (_time.GetElapsedTime(started) > Timeout)
                throw new TimeoutException($"{left} {what} after {Timeout.TotalMinutes:0} minutes");
            await Task.Delay(Poll, _time, cancellationToken);
        }
    }

    /// <summary>
    /// Returns the number of messages behind the committed offsets. A partition without a committed offset belongs to a topic that the
    /// group does not read.
    /// </summary>
    private static long Lag(IConsumer<Ignore, Ignore> group)
    {
        using var admin = new DependentAdminClientBuilder(group.Handle).Build();
        var partitions = admin.GetMetadata(BrokerTimeout).Topics
            .SelectMany(topic => topic.Partitions.Select(partition => new TopicPartition(topic.Topic, partition.PartitionId)));
        return group.Committed(partitions, BrokerTimeout).Where(committed => committed.Offset >= 0)
            .Sum(committed => Math.Max(0, group.QueryWatermarkOffsets(committed.TopicPartition, BrokerTimeout).High - committed.Offset));
    }

    private static async Task<long> CountAsync(
        NpgsqlDataSource database, string sql, object[] parameters, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
