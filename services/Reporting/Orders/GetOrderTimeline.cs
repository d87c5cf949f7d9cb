using ForgeShop.Contracts;
using ForgeShop.Documents;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Reporting.Orders;

/// <summary>GET /api/v1/reports/orders/{id}/timeline</summary>
public static class GetOrderTimeline
{
    public sealed record Timeline(OrderId OrderId, UserId? UserId, string? Status, string? Reason, IReadOnlyList<TimelineEvent> Events);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/orders/{id}/timeline", Handle)
        .WithName("GetOrderTimeline")
        .WithSummary("Shows every event of an order, in order, with the service that it came from, its trace and its time.")
        .Produces<Timeline>()
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status404NotFound)
        .RequirePermission(Permissions.ReportsSelf, Permissions.ReportsRead);

    // Somebody else's order is answered as one that nothing has been heard of.
    private static async Task<IResult> Handle(OrderId id, Caller caller, IDocumentCollection<OrderReport> orders, CancellationToken cancellationToken) =>
        await orders.GetAsync(id.Value, cancellationToken) is { Value: var order } && MaySee(caller, order)
            ? TypedResults.Ok(new Timeline(order.Id, order.UserId, order.Status, order.Reason, order.Timeline))
            : Problems.NotFound("order-not-found", "Nothing has been heard of such an order. Events take a moment to arrive here.");

    private static bool MaySee(Caller caller, OrderReport order) =>
        order.UserId is { } owner ? caller.MaySee(owner, Permissions.ReportsRead) : caller.Permissions.Contains(Permissions.ReportsRead);
}
