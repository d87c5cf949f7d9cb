using Npgsql;

namespace ForgeShop.Operator.Demo;

/// <summary>
/// Reads the database of Recommendations, which is written in TypeScript: it derived these IDs by another implementation.
/// </summary>
internal static class RecommendationsStoredIds
{
    public const string Store = "Node.js";

    private static readonly TimeSpan ArrivalTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public static async Task<List<StoredId>> ReadAsync(string server, DemoStory story, CancellationToken cancellationToken)
    {
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server) { Database = "recommendations" });
        var deadline = TimeProvider.System.GetTimestamp();
        // It consumes the same events as Reporting, in a group of its own.
        while (await Find("select event_id from inbox where event_id = $1", story.OrderConfirmed.Value) is null
            && TimeProvider.System.GetElapsedTime(deadline) < ArrivalTimeout)
            await Task.Delay(Poll, cancellationToken);
        return
        [
            new("product", Store, "recommendations.products", await Find("select id from products where sku = $1", DemoStory.Sku)),
            new("order", Store, "recommendations.orders", await Find("select id from orders where id = $1", story.Order.Value)),
            await Event("event orders.order-placed", story.OrderPlaced.Value),
            await Event("event orders.order-confirmed", story.OrderConfirmed.Value),
        ];

        async Task<StoredId> Event(string entity, Guid id) =>
            new(entity, Store, "recommendations.inbox", await Find("select event_id from inbox where event_id = $1", id));

        async Task<Guid?> Find(string sql, object key)
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter { Value = key });
            return await command.ExecuteScalarAsync(cancellationToken) as Guid?;
        }
    }
}
