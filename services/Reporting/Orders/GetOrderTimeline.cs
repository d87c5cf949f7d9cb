namespace ForgeShop.Reporting;

/// <summary>GET /api/v1/reports/orders/{id}/timeline</summary>
public static class GetOrderTimeline
{
    public sealed record Timeline(
        OrderId OrderId, UserId? UserId, string? Status, string? Reason, IReadOnlyList<TimelineEvent> Events, DateTimeOffset? AsOf);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/orders/{id}/timeline", Handle)
        .WithSummary("Shows every event of an order, in order, with its service, its trace and its time.")
        .WithErrorCodes((404, "order-not-found"))
        .Produces<Timeline>()
        .RequirePermission(Permissions.ReportsSelf, Permissions.ReportsRead);

    private static async Task<IResult> Handle(OrderId id, Caller caller, ReadModels models, CancellationToken cancellationToken)
    {
        var model = await models.GetActiveAsync(cancellationToken);
        // Another customer's order gets the same answer as one that does not exist.
        return await model.Orders.GetAsync(id.Value, cancellationToken) is { Value: var order } && MaySee(caller, order)
            ? TypedResults.Ok(
                new Timeline(order.Id, order.UserId, order.Status, order.Reason, order.Timeline, await model.AsOfAsync(cancellationToken)))
            : Problems.NotFound("order-not-found", "Reports are eventually consistent; try again in a moment.");
    }

    private static bool MaySee(Caller caller, OrderReport order) =>
        order.UserId is { } owner ? caller.MaySee(owner, Permissions.ReportsRead) : caller.Permissions.Contains(Permissions.ReportsRead);
}
