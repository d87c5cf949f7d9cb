using Asp.Versioning.Builder;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ForgeShop.Reporting;

/// <summary>
/// GET /api/v2/reports/top-customers?limit=&amp;currency=, a list as all others are, and its deprecated v1, whose list has another name.
/// </summary>
public static class GetTopCustomers
{
    private const int DefaultLimit = 10;
    private const string Summary = "Lists the customers who spent the most in one currency (EUR by default) in confirmed orders.";

    public sealed record TopCustomerList(IReadOnlyList<TopCustomer> Items, string Currency, DateTimeOffset? AsOf);

    public sealed record TopCustomers(string Currency, IReadOnlyList<TopCustomer> Customers, DateTimeOffset? AsOf);

    public sealed record TopCustomer(GetCustomerReport.Customer User, long OrderCount, Sum TotalSpent);

    public static void Map(IEndpointRouteBuilder first, IEndpointRouteBuilder second, ApiVersionSet versions)
    {
        first.MapGet("/top-customers", HandleFirst)
            .WithName("GetTopCustomers")
            .WithSummary($"{Summary} Deprecated: v2 returns the same as items.")
            .Produces<TopCustomers>()
            .RequirePermission(Permissions.ReportsRead)
            .DescribeAsDeprecated()
            .WithApiVersionSet(versions).MapToApiVersion(ApiVersions.First);
        second.MapGet("/top-customers", Handle)
            .WithName("ListTopCustomers")
            .WithSummary(Summary)
            .Produces<TopCustomerList>()
            .RequirePermission(Permissions.ReportsRead)
            .WithApiVersionSet(versions).MapToApiVersion(ApiVersions.Second);
    }

    private static async Task<IResult> HandleFirst(
        string? limit, string? currency, ReadModels models, CancellationToken cancellationToken) =>
        await Handle(limit, currency, models, cancellationToken) switch
        {
            Ok<TopCustomerList> { Value: { } list } => TypedResults.Ok(new TopCustomers(list.Currency, list.Items, list.AsOf)),
            var refused => refused,
        };

    private static async Task<IResult> Handle(string? limit, string? currency, ReadModels models, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        var count = PageLimit.Read(limit, errors, DefaultLimit);
        currency ??= "EUR";
        errors.Add("currency", Money.Problem(0, currency));
        if (errors.Any)
            return errors.ToProblem();

        var model = await models.GetActiveAsync(cancellationToken);
        var query = new DocumentQuery<CustomerSpending>
        {
            Where = (CustomerSpending.CurrencyField, currency), OrderBy = CustomerSpending.SpentField, IsDescending = true, Limit = count,
        };
        var spending = await model.Spending.ListAsync(query, cancellationToken);
        var customers = await model.Customers.GetManyAsync([.. spending.Select(top => top.UserId.Value)], cancellationToken);
        var top = spending.Select(one => new TopCustomer(
            GetCustomerReport.Customer.Of(one.UserId, customers.GetValueOrDefault(one.UserId.Value)?.Value), one.OrderCount, one.Spent));
        return TypedResults.Ok(new TopCustomerList([.. top], currency, await model.AsOfAsync(cancellationToken)));
    }
}
