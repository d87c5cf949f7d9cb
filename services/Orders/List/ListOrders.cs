namespace ForgeShop.Orders;

/// <summary>GET /api/v1/orders?cursor=&amp;limit=</summary>
public static class ListOrders
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    public sealed record Page(IReadOnlyList<OrderView> Items, string? NextCursor);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", Handle)
        .WithName("ListOrders")
        .WithSummary("Lists the caller's orders, the latest first.")
        .Produces<Page>()
        .RequirePermission(Permissions.OrdersSelf);

    private static async Task<IResult> Handle(
        string? cursor, string? limit, Caller caller, OrdersDb db, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        var count = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, out count) || count is < 1 or > MaxLimit))
            errors.Add("limit", $"A page has 1 to {MaxLimit} items.");
        var after = new PageCursor(DateTimeOffset.MaxValue, default);
        if (cursor is not null && !PageCursor.TryParse(cursor, out after))
            errors.Add("cursor", "This is not a cursor from an earlier page.");
        if (errors.Any)
            return errors.ToProblem();

        var mine = db.Orders.AsNoTracking().Where(order => order.UserId == caller.Id);
        if (cursor is not null)
            mine = mine.Where(order =>
                EF.Functions.LessThan(ValueTuple.Create(order.PlacedAt, order.Id), ValueTuple.Create(after.Time, new OrderId(after.Id))));
        var orders = await mine.OrderByDescending(order => order.PlacedAt).ThenByDescending(order => order.Id).Take(count + 1)
            .ToListAsync(cancellationToken);
        var next = orders.Count > count ? new PageCursor(orders[count - 1].PlacedAt, orders[count - 1].Id.Value).ToString() : null;
        return TypedResults.Ok(new Page([.. orders.Take(count).Select(OrderView.Of)], next));
    }
}
