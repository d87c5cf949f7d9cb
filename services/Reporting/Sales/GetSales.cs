using System.Globalization;

namespace ForgeShop.Reporting;

/// <summary>GET /api/v1/reports/sales?from=&amp;to=</summary>
public static class GetSales
{
    private const int DefaultDays = 30;
    private const int MaxDays = 366;

    /// <summary>Days without sales are omitted.</summary>
    public sealed record SalesByDay(string From, string To, IReadOnlyList<Day> Days, DateTimeOffset? AsOf);

    public sealed record Day(string Date, long OrderCount, IReadOnlyList<Sum> Revenue);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/sales", Handle)
        .WithSummary(
            "Shows the confirmed orders of each day (UTC), first and last day included; "
            + $"the last {DefaultDays} days by default, {MaxDays} at most.")
        .Produces<SalesByDay>()
        .RequirePermission(Permissions.ReportsRead);

    private static async Task<IResult> Handle(
        string? from, string? to, ReadModels models, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        var last = Parse("to", to, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime), errors);
        var first = Parse("from", from, last.AddDays(-Math.Min(DefaultDays - 1, last.DayNumber)), errors);
        if (!errors.Any && (first > last || last.DayNumber - first.DayNumber >= MaxDays))
            errors.Add("from", $"The first day must not be after the last one, and the range has at most {MaxDays} days.");
        if (errors.Any)
            return errors.ToProblem();

        var model = await models.GetActiveAsync(cancellationToken);
        var days = await model.SalesDays.ListAsync(
            new() { OrderBy = SalesDay.DateField, From = SalesDay.Text(first), To = SalesDay.Text(last), Limit = MaxDays },
            cancellationToken);
        return TypedResults.Ok(new SalesByDay(
            SalesDay.Text(first), SalesDay.Text(last), [.. days.Select(day => new Day(day.Date, day.OrderCount, day.Revenue))],
            await model.AsOfAsync(cancellationToken)));
    }

    private static DateOnly Parse(string field, string? text, DateOnly otherwise, ValidationErrors errors)
    {
        if (text is null)
            return otherwise;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return date;
        errors.Add(field, "A day has the form 2026-03-01.");
        return otherwise;
    }
}
