using System.Net;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Services.Tests;

/// <summary>The messages that move stock, and what Inventory has stored after them.</summary>
internal sealed class StockScenario(ServersFixture servers)
{
    private readonly UserId _user = servers.Ids.User("stock@example.com");

    private string Database => servers.Inventory.Database;

    public OrderId NewOrder() => servers.Ids.Order(_user, Guid.NewGuid().ToString());

    public async Task<ProductId> NewProduct(int stock)
    {
        var sku = $"S-{Guid.NewGuid():N}".ToUpperInvariant();
        var product = new { name = "Stocked", price = new { amount = "1.00", currency = "EUR" }, stock };
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}", product)).ShouldBe(HttpStatusCode.Created);
        return servers.Ids.Product(sku);
    }

    public Delivery Reserve(OrderId order, params IEnumerable<(ProductId Product, int Quantity)> lines)
    {
        var id = servers.Ids.Reservation(order);
        return Delivery.New(
            id.Value, new ReserveStock(id, order, [.. lines.Select(line => new ReserveStockLine(line.Product, line.Quantity))]));
    }

    public Delivery Release(OrderId order)
    {
        var id = servers.Ids.Reservation(order);
        return Delivery.New(id.Value, new ReleaseStock(id, order));
    }

    public Delivery Confirm(OrderId order) =>
        Delivery.New(order.Value, new OrderConfirmed(order, _user, new Money(1, "EUR"), TimeProvider.System.GetUtcNow()));

    /// <summary>Handles the messages as one batch.</summary>
    public Task Handle(params IEnumerable<Delivery> messages) => servers.Inventory.HandleBatch(messages);

    public Task<string> Status(OrderId order) =>
        Database.Scalar<string>("select status from reservations where id = $1", servers.Ids.Reservation(order).Value);

    /// <summary>Returns the types and sequence numbers of the events of the order's reservation.</summary>
    public Task<string> Events(OrderId order) => Database.Scalar<string>(
        "select coalesce(string_agg(type || ' ' || sequence, ', ' order by sequence), '') from outbox where subject = $1",
        servers.Ids.Reservation(order).Value);

    public async Task<(int Available, int Reserved)> Quantities(ProductId product) => (
        await Database.Scalar<int>("select on_hand - reserved from products where id = $1", product.Value),
        await Database.Scalar<int>("select reserved from products where id = $1", product.Value));

    /// <summary>Returns the number of pieces of the product in reservations with this status.</summary>
    public Task<int> Pieces(ProductId product, string status) => Database.Scalar<int>(
        """
        select coalesce(sum(l.quantity), 0)::int from reservation_lines l join reservations r on r.id = l.reservation_id
        where l.product_id = $1 and r.status = $2
        """,
        product.Value, status);
}
