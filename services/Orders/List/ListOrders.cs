namespace ForgeShop.Orders;

/// <summary>GET /api/v1/orders?cursor=&amp;limit=</summary>
public static class ListOrders
{
    public sealed record Page(IReadOnlyList<OrderView> Items, string? NextCursor);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", Handle)
        .WithSummary("Lists the caller's orders, the latest first.")
        .Produces<Page>()
        .RequirePermission(Permissions.OrdersSelf);

    private static async Task<IResult> Handle(
        string? cursor, string? limit, Caller caller, OrdersDb db, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        var count = PageLimit.Read(limit, errors);
        var after = PageCursor.Read(cursor, errors);
        if (errors.Any)
            return errors.ToProblem();

        var mine = db.Orders.AsNoTracking().Where(order => order.UserId == caller.Id);
        if (after is { } last)
            mine = mine.Where(order =>
                EF.Functions.LessThan(ValueTuple.Create(order.PlacedAt, order.Id), ValueTuple.Create(last.Time, new OrderId(last.Id))));
        var orders = await mine.OrderByDescending(order => order.PlacedAt).ThenByDescending(order => order.Id).Take(count + 1)
            .ToListAsync(cancellationToken);
        var next = orders.Count > count ? new PageCursor(orders[count - 1].PlacedAt, orders[count - 1].Id.Value).ToString() : null;
        return TypedResults.Ok(new Page([.. orders.Take(count).Select(OrderView.Of)], next));
    }
}
