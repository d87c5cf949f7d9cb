using ForgeShop.Contracts.Events;
using Npgsql;

namespace ForgeShop.Operator.Demo;

/// <summary>Reads the databases of the services directly.</summary>
internal static class PostgresStoredIds
{
    private const string Store = "PostgreSQL";

    public static async Task<List<StoredId>> ReadAsync(string server, DemoStory story, CancellationToken cancellationToken)
    {
        await using var users = Open(server, "users");
        await using var inventory = Open(server, "inventory");
        await using var orders = Open(server, "orders");
        await using var payments = Open(server, "payments");
        await using var notifications = Open(server, "notifications");
        return
        [
            await Find(users, "user", "users.users", "select id from users where email = $1", story.Email),
            await Event(users, UserRegistered.Type, "users", "id", story.User.Value),
            await Find(inventory, "product", "inventory.products", "select id from products where sku = $1", DemoStory.Sku),
            await Find(orders, "product", "orders.products", "select id from products where sku = $1", DemoStory.Sku),
            await Find(orders, "user", "orders.orders", "select user_id from orders where reference = $1", story.Key),
            await Find(orders, "order", "orders.orders", "select id from orders where reference = $1", story.Key),
            await Find(
                orders, "order line", "orders.order_lines",
                "select l.id from order_lines l join orders o on o.id = l.order_id where o.reference = $1", story.Key),
            await Find(
                orders, "saga", "orders.sagas", "select s.id from sagas s join orders o on o.id = s.order_id where o.reference = $1",
                story.Key),
            await Find(
                inventory, "reservation", "inventory.reservations", "select id from reservations where order_id = $1", story.Order.Value),
            await Find(payments, "payment", "payments.payments", "select id from payments where order_id = $1", story.Order.Value),
            await Event(orders, OrderPlaced.Type, "orders", "reference", story.Key),
            await Event(orders, OrderConfirmed.Type, "orders", "reference", story.Key),
            await Event(inventory, StockReserved.Type, "reservations", "order_id", story.Order.Value),
            await Event(payments, PaymentCharged.Type, "payments", "order_id", story.Order.Value),
            await Find(notifications, "user", "notifications.notifications user_id", Notified("user_id"), story.Order.Value),
            await Find(
                notifications, "order", "notifications.notifications reference", "select reference from notifications where id = $1",
                story.Notification.Value),
            await Find(notifications, "notification", "notifications.notifications", Notified("id"), story.Order.Value),
            await Event(notifications, NotificationSent.Type, "notifications", "id", story.Notification.Value),
        ];

        static string Notified(string column) => $"select {column} from notifications where reference = $1 and kind = 'order-placed'";

        // The event of the aggregate that the service stores under another key than the event's ID.
        Task<StoredId> Event(NpgsqlDataSource database, string type, string table, string column, object key) => Find(
            database, $"event {type}", $"{type[..type.IndexOf('.')]}.outbox",
            $"select e.event_id from outbox e join {table} a on a.id = e.subject where a.{column} = $1 and e.type = '{type}'", key);

        async Task<StoredId> Find(NpgsqlDataSource database, string entity, string place, string sql, object key)
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter { Value = key });
            return new StoredId(entity, Store, place, await command.ExecuteScalarAsync(cancellationToken) as Guid?);
        }
    }

    private static NpgsqlDataSource Open(string server, string database) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server) { Database = database });
}
