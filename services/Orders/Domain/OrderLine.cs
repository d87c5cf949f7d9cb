namespace ForgeShop.Orders;

/// <summary>One product of an order, with the name and the price that it had when the order was placed.</summary>
public sealed class OrderLine
{
    private OrderLine()
    {
    }

    public OrderLine(OrderLineId id, int position, ProductId productId, string sku, string name, int quantity, Money unitPrice)
        => (Id, Position, ProductId, Sku, Name, Quantity, UnitPrice) = (id, position, productId, sku, name, quantity, unitPrice);

    public OrderLineId Id { get; private set; }

    /// <summary>From 0, as the customer listed the products.</summary>
    public int Position { get; private set; }

    public ProductId ProductId { get; private set; }

    public string Sku { get; private set; } = "";

    public string Name { get; private set; } = "";

    public int Quantity { get; private set; }

    public Money UnitPrice { get; private set; }

    public decimal Amount => UnitPrice.Amount * Quantity;
}
