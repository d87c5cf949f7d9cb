namespace ForgeShop.Reporting;

/// <summary>GET /api/v1/reports/top-customers?limit=&amp;currency=</summary>
public static class GetTopCustomers
{
    private const int DefaultLimit = 10;

    public sealed record TopCustomers(string Currency, IReadOnlyList<TopCustomer> Customers, DateTimeOffset? AsOf);

    public sealed record TopCustomer(GetCustomerReport.Customer User, long OrderCount, Sum TotalSpent);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/top-customers", Handle)
        .WithName("GetTopCustomers")
        .WithSummary("Lists the customers who spent the most in one currency (EUR by default) in confirmed orders.")
        .Produces<TopCustomers>()
        .ProducesValidationProblem()
        .RequirePermission(Permissions.ReportsRead);

    private static async Task<IResult> Handle(string? limit, string? currency, ReadModels models, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        var count = Paging.Limit(limit, errors, DefaultLimit);
        currency ??= "EUR";
        errors.Add("currency", Money.Problem(0, currency));
        if (errors.Any)
            return errors.ToProblem();

        var model = await models.GetActiveAsync(cancellationToken);
        var query = new DocumentQuery<CustomerSpending>
        {
            Where = (CustomerSpending.CurrencyField, currency), OrderBy = CustomerSpending.SpentField, IsDescending = true, Limit = count,
        };
        var spending = (await model.Spending.QueryAsync(query, cancellationToken)).Items.Select(document => document.Value).ToList();
        var customers = await model.Customers.GetManyAsync([.. spending.Select(top => top.UserId.Value)], cancellationToken);
        var top = spending.Select(one => new TopCustomer(
            GetCustomerReport.Customer.Of(one.UserId, customers.GetValueOrDefault(one.UserId.Value)?.Value), one.OrderCount, one.Spent));
        return TypedResults.Ok(new TopCustomers(currency, [.. top], await model.AsOfAsync(cancellationToken)));
    }
}
