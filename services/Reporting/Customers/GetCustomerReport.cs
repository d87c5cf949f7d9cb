namespace ForgeShop.Reporting;

/// <summary>GET /api/v1/reports/customers?email= or ?id= (&amp;cursor=&amp;limit= for their orders)</summary>
public static class GetCustomerReport
{
    /// <summary><c>TotalSpent</c> is in the currency of the last order; <c>Spent</c> has one sum for each currency.</summary>
    public sealed record Summary(
        Customer User, long OrderCount, Sum TotalSpent, IReadOnlyList<Sum> Spent, DateTimeOffset? LastOrderAt,
        IReadOnlyList<CustomerOrder> Orders, string? NextCursor, DateTimeOffset? AsOf);

    public sealed record Customer(UserId Id, string? Email, string? Name, DateTimeOffset? DeactivatedAt)
    {
        public static Customer Of(UserId id, CustomerReport? report) => new(id, report?.Email, report?.Name, report?.DeactivatedAt);
    }

    public sealed record CustomerOrder(
        OrderId Id, string? Status, IReadOnlyList<ReportedItem> Items, Money? Total, DateTimeOffset? PlacedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/customers", Handle)
        .WithSummary(
            "Shows a customer, named by e-mail address or by ID, with the sums of their orders and the orders themselves, the latest "
            + "first.")
        .WithErrorCodes((404, "customer-not-found"))
        .Produces<Summary>()
        .RequirePermission(Permissions.ReportsSelf, Permissions.ReportsRead);

    private static async Task<IResult> Handle(
        string? email, string? id, string? cursor, string? limit, Caller caller, ForgeIds ids, ReadModels models,
        CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        var user = Identify(email, id, ids, errors);
        var count = PageLimit.Read(limit, errors);
        if (errors.Any)
            return errors.ToProblem();
        // Refused before the lookup: the answer must not reveal whether the customer exists.
        if (!caller.MaySee(user, Permissions.ReportsRead))
            return Problems.Status(StatusCodes.Status403Forbidden);

        var model = await models.GetActiveAsync(cancellationToken);
        var page = await model.Orders.QueryAsync(OrderReport.OfUser(user, count, cursor), cancellationToken);
        if (await model.Customers.GetAsync(user.Value, cancellationToken) is not { Value: var customer })
            return Problems.NotFound("customer-not-found", "Reports are eventually consistent; try again in a moment.");
        if (customer.Email is { } address)
            ids.Verify(customer.Id, address);
        return TypedResults.Ok(SummaryOf(customer, page, await model.AsOfAsync(cancellationToken)));
    }

    /// <summary>Derives the ID from the e-mail address, without a call or a search.</summary>
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
            if (!ids.TryUser(email, out user))
                errors.Add("email", "This is not an e-mail address that can be registered.");
        }
        else if (!UserId.TryParse(id, out user))
        {
            errors.Add("id", "This is not an ID in its 36-character form.");
        }
        return user;
    }

    private static Summary SummaryOf(CustomerReport customer, DocumentPage<OrderReport> page, DateTimeOffset? asOf) => new(
        Customer.Of(customer.Id, customer),
        customer.OrderCount,
        customer.Spent.FirstOrDefault(sum => sum.Currency == customer.LastCurrency, new(0, customer.LastCurrency ?? "EUR")),
        customer.Spent,
        customer.LastOrderAt,
        [.. page.Items.Select(order =>
            new CustomerOrder(order.Value.Id, order.Value.Status, order.Value.Items, order.Value.Total, order.Value.PlacedAt))],
        page.NextCursor,
        asOf);
}
