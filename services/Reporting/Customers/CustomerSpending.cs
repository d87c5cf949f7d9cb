using ForgeShop.Forge;

namespace ForgeShop.Reporting;

/// <summary>The read model of the top customers: the confirmed orders of one customer in one currency.</summary>
public sealed record CustomerSpending(UserId UserId, string Currency) : ReadModel
{
    public static DocumentField<CustomerSpending, string> CurrencyField { get; } = new("currency", spending => spending.Currency);
    public static DocumentField<CustomerSpending, decimal?> SpentField { get; } =
        new("spent", spending => spending.Spent.Amount > 0 ? spending.Spent.Amount : null);

    public long OrderCount { get; init; }

    public Sum Spent { get; init; } = new(0, Currency);

    public static Projection<CustomerSpending> Projection { get; } = new(
        new("customer_spending", ReportingJson.Default.CustomerSpending, [CurrencyField, SpentField]),
        recorded => Sale.Of(recorded) is { } sale ? [NameBasedUuid.V5(sale.UserId.Value, sale.Total.Currency)] : [],
        (_, spending, recorded) => With(spending, Sale.Of(recorded)!));

    private static CustomerSpending With(CustomerSpending? spending, Sale sale)
    {
        spending ??= new(sale.UserId, sale.Total.Currency);
        return spending with
        {
            OrderCount = spending.OrderCount + sale.Sign,
            Spent = spending.Spent with { Amount = spending.Spent.Amount + sale.Sign * sale.Total.Amount },
        };
    }
}
