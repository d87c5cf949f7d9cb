using Npgsql;

namespace ForgeShop.Operator.Demo;

/// <summary>Reads the databases of the services directly.</summary>
internal static class PostgresSightings
{
    private const string Store = "PostgreSQL";

    public static async Task<List<Sighting>> ReadAsync(string server, DemoStory story, CancellationToken cancellationToken)
    {
        await using var users = Open(server, "users");
        await using var inventory = Open(server, "inventory");
        await using var orders = Open(server, "orders");
        await using var payments = Open(server, "payments");
        await using var notifications = Open(server, "notifications");
        return
        [
            await Find(users, "user", "users.users", "select id from users where email = $1", story.Email),
            await Find(users, "event users.user-registered", "users.outbox", "select event_id from outbox where subject = $1", story.User.Value),
            await Find(inventory, "product", "inventory.products", "select id from products where sku = $1", DemoStory.Sku),
            await Find(orders, "product", "orders.products", "select id from products where sku = $1", DemoStory.Sku),
            await Find(orders, "user", "orders.orders", "select user_id from orders where reference = $1", story.Key),
            await Find(orders, "order", "orders.orders", "select id from orders where reference = $1", story.Key),
            await Find(orders, "order line", "orders.order_lines", "select l.id from order_lines l join orders o on o.id = l.order_id where o.reference = $1", story.Key),
            await Find(orders, "saga", "orders.sagas", "select s.id from sagas s join orders o on o.id = s.order_id where o.reference = $1", story.Key),
            await Find(inventory, "reservation", "inventory.reservations", "select id from reservations where order_id = $1", story.Order.Value),
            await Find(payments, "payment", "payments.payments", "select id from payments where order_id = $1", story.Order.Value),
            await Find(orders, "event orders.order-placed", "orders.outbox", "select e.event_id from outbox e join orders o on o.id = e.subject where o.reference = $1 and e.type = 'orders.order-placed'", story.Key),
            await Find(orders, "event orders.order-confirmed", "orders.outbox", "select e.event_id from outbox e join orders o on o.id = e.subject where o.reference = $1 and e.type = 'orders.order-confirmed'", story.Key),
            await Find(inventory, "event inventory.stock-reserved", "inventory.outbox", "select e.event_id from outbox e join reservations r on r.id = e.subject where r.order_id = $1 and e.type = 'inventory.stock-reserved'", story.Order.Value),
            await Find(payments, "event payments.payment-charged", "payments.outbox", "select e.event_id from outbox e join payments p on p.id = e.subject where p.order_id = $1 and e.type = 'payments.payment-charged'", story.Order.Value),
            await Find(notifications, "user", "notifications.notifications user_id", "select user_id from notifications where reference = $1 and kind = 'order-placed'", story.Order.Value),
            await Find(notifications, "order", "notifications.notifications reference", "select reference from notifications where id = $1", story.Notification.Value),
            await Find(notifications, "notification", "notifications.notifications", "select id from notifications where reference = $1 and kind = 'order-placed'", story.Order.Value),
            await Find(notifications, "event notifications.notification-sent", "notifications.outbox", "select event_id from outbox where subject = $1", story.Notification.Value),
        ];

        async Task<Sighting> Find(NpgsqlDataSource database, string entity, string place, string sql, object key)
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter { Value = key });
            return new Sighting(entity, Store, place, await command.ExecuteScalarAsync(cancellationToken) as Guid?);
        }
    }

    private static NpgsqlDataSource Open(string server, string database) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server) { Database = database });
}
