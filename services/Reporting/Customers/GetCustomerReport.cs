using ForgeShop.Contracts;
using ForgeShop.Documents;
using ForgeShop.Reporting.Orders;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Reporting.Customers;

/// <summary>GET /api/v1/reports/customers?email= or ?id= (&amp;cursor=&amp;limit= for their orders)</summary>
public static class GetCustomerReport
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    /// <summary><c>TotalSpent</c> is in the currency of the last order; <c>Spent</c> has a sum for every currency.</summary>
    public sealed record Summary(
        Customer User, int OrderCount, Money TotalSpent, IReadOnlyList<Money> Spent, DateTimeOffset? LastOrderAt, IReadOnlyList<CustomerOrder> Orders, string? NextCursor);

    public sealed record Customer(UserId Id, string? Email, string? Name);

    public sealed record CustomerOrder(OrderId Id, string? Status, IReadOnlyList<ReportedItem> Items, Money? Total, DateTimeOffset? PlacedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/customers", Handle)
        .WithName("GetCustomerReport")
        .WithSummary("Shows a customer, named by e-mail address or by ID, with the sums of their orders and the orders themselves, the latest first.")
        .Produces<Summary>()
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status404NotFound)
        .RequirePermission(Permissions.ReportsSelf, Permissions.ReportsRead);

    private static async Task<IResult> Handle(
        string? email, string? id, string? cursor, string? limit, Caller caller,
        ForgeIds ids, IDocumentCollection<CustomerReport> customers, IDocumentCollection<OrderReport> orders, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        var user = Identify(email, id, ids, errors);
        var count = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, out count) || count is < 1 or > MaxLimit))
            errors.Add("limit", $"A page has 1 to {MaxLimit} items.");
        if (errors.Any)
            return errors.ToProblem();
        // Refused before it is looked for: whoever may not see a customer does not learn whether there is one.
        if (!caller.MaySee(user, Permissions.ReportsRead))
            return Problems.Status(StatusCodes.Status403Forbidden);

        // First, so that a wrong cursor is told also where there is no such customer.
        var theirs = new DocumentQuery<OrderReport>().Where(OrderReport.UserField, user.Value).OrderByDescending(OrderReport.PlacedAtField).Page(cursor, count);
        DocumentPage<OrderReport> page;
        try
        {
            page = await orders.QueryAsync(theirs, cancellationToken);
        }
        catch (InvalidCursorException wrong)
        {
            return Problems.Validation("cursor", wrong.Message);
        }
        return await customers.GetAsync(user.Value, cancellationToken) is { Value: var customer }
            ? TypedResults.Ok(SummaryOf(customer, page))
            : Problems.NotFound("customer-not-found", "Nothing has been heard of such a customer. Events take a moment to arrive here.");
    }

    /// <summary>The ID is derived from the e-mail address: nobody has to be asked for it, and nothing is searched.</summary>
    private static UserId Identify(string? email, string? id, ForgeIds ids, ValidationErrors errors)
    {
        const string exactlyOne = "Exactly one of email and id is required.";
        var user = default(UserId);
        if (email is not null == id is not null)
        {
            errors.Add("email", exactlyOne);
            errors.Add("id", exactlyOne);
        }
        else if (email is not null)
        {
            if (ids.Namespace("users").TryDerive(email, out var derived))
                user = new(derived);
            else
                errors.Add("email", "This is no e-mail address that could have been registered.");
        }
        else if (!UserId.TryParse(id, out user))
        {
            errors.Add("id", "This is not an ID in its 36-character form.");
        }
        return user;
    }

    private static Summary SummaryOf(CustomerReport customer, DocumentPage<OrderReport> page) => new(
        new(customer.Id, customer.Email, customer.Name),
        customer.OrderCount,
        customer.Spent.FirstOrDefault(sum => sum.Currency == customer.LastCurrency, new Money(0, customer.LastCurrency ?? "EUR")),
        customer.Spent,
        customer.LastOrderAt,
        [.. page.Items.Select(order => new CustomerOrder(order.Value.Id, order.Value.Status, order.Value.Items, order.Value.Total, order.Value.PlacedAt))],
        page.NextCursor);
}
