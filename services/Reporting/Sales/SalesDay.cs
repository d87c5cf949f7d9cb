using System.Globalization;
using ForgeShop.Forge;

namespace ForgeShop.Reporting;

/// <summary>The read model of one day (UTC): the orders that were confirmed on it and are not cancelled.</summary>
/// <param name="Date">The day as <c>2026-03-01</c>.</param>
public sealed record SalesDay(string Date) : ReadModel
{
    public static DocumentField<SalesDay, string> DateField { get; } = new("date", day => day.Date);

    public long OrderCount { get; init; }

    public IReadOnlyList<Sum> Revenue { get; init; } = [];

    public static Projection<SalesDay> Projection { get; } = new(
        new("sales_days", ReportingJson.Default.SalesDay, [DateField]),
        recorded => DateOf(recorded) is { } date ? [NameBasedUuid.V5(NamespaceIds.Url, $"forgeshop:reporting:sales-day:{date}")] : [],
        (_, day, recorded) => (day ?? new(DateOf(recorded)!)).With(Sale.Of(recorded)!));

    public static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string? DateOf(RecordedEvent recorded) =>
        Sale.Of(recorded)?.ConfirmedAt is { } confirmedAt ? Text(DateOnly.FromDateTime(confirmedAt.UtcDateTime)) : null;

    private SalesDay With(Sale sale) => this with
    {
        OrderCount = OrderCount + sale.Sign,
        Revenue = Revenue.Add(sale.Sign * sale.Total.Amount, sale.Total.Currency),
    };
}
