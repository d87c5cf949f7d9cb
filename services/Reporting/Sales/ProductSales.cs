namespace ForgeShop.Reporting;

/// <summary>The read model of one product: its lines in orders that are confirmed and not cancelled.</summary>
public sealed record ProductSales(ProductId ProductId) : ReadModel
{
    public static DocumentField<ProductSales, long> QuantityField { get; } = new("quantity", product => product.Quantity);

    public string? Sku { get; init; }

    /// <summary>The name in the order that was confirmed last.</summary>
    public string? Name { get; init; }

    /// <summary>The time of that confirmation.</summary>
    public DateTimeOffset NamedAt { get; init; }

    public long OrderCount { get; init; }

    public long Quantity { get; init; }

    public IReadOnlyList<Sum> Revenue { get; init; } = [];

    public static Projection<ProductSales> Projection { get; } = new(
        new("product_sales", ReportingJson.Default.ProductSales, [QuantityField]),
        recorded => Sale.Of(recorded)?.Items.Select(item => item.ProductId.Value) ?? [],
        (id, product, recorded) => (product ?? new(new ProductId(id))).With(Sale.Of(recorded)!));

    private ProductSales With(Sale sale)
    {
        var product = this with { OrderCount = OrderCount + sale.Sign };
        foreach (var item in sale.Items.Where(item => item.ProductId == ProductId))
        {
            var isLater = (sale.ConfirmedAt ?? default, item.Name).CompareTo((product.NamedAt, product.Name ?? "")) > 0;
            product = product with
            {
                Sku = item.Sku,
                Name = isLater ? item.Name : product.Name,
                NamedAt = isLater ? sale.ConfirmedAt ?? default : product.NamedAt,
                Quantity = product.Quantity + sale.Sign * item.Quantity,
                Revenue = product.Revenue.Add(sale.Sign * item.UnitPrice.Amount * item.Quantity, item.UnitPrice.Currency),
            };
        }
        return product;
    }
}
