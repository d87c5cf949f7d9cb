using System.Text.Json;

namespace ForgeShop.Reporting;

/// <summary>The read model of one order: its state and every event about it. Before its own first event only the latter.</summary>
public sealed record OrderReport(OrderId Id) : ReadModel
{
    public static DocumentField<OrderReport, Guid?> UserField { get; } = new("user", order => order.UserId?.Value);
    public static DocumentField<OrderReport, long?> PlacedAtField { get; } =
        new("placed", order => order.PlacedAt?.ToUnixTimeMilliseconds());

    public UserId? UserId { get; init; }
    public string? Status { get; init; }

    /// <summary>The reason of its cancellation.</summary>
    public string? Reason { get; init; }

    public IReadOnlyList<ReportedItem> Items { get; init; } = [];
    public Money? Total { get; init; }
    public DateTimeOffset? PlacedAt { get; init; }
    public IReadOnlyList<TimelineEvent> Timeline { get; init; } = [];

    /// <summary>The sequence number of the order's own event that the status comes from.</summary>
    public long Sequence { get; init; }

    public static Projection<OrderReport> Projection { get; } = new(
        new("orders", ReportingJson.Default.OrderReport, [UserField, PlacedAtField]),
        recorded => OrderOf(recorded) is { } order ? [order.Value] : [],
        (id, order, recorded) => (order ?? new(new OrderId(id))).With(recorded));

    /// <summary>Selects the orders of a user, the latest first.</summary>
    public static DocumentQuery<OrderReport> OfUser(UserId user, int limit, string? cursor = null) => new()
    {
        Where = (UserField, user.Value), OrderBy = PlacedAtField, IsDescending = true, Limit = limit, Cursor = cursor,
    };

    internal static OrderId? OrderOf(RecordedEvent recorded)
    {
        // A notification is about an order if its kind is order-placed, order-cancelled and so on.
        if (recorded.Payload is NotificationSent sent)
            return sent.Kind.StartsWith("order-", StringComparison.Ordinal) ? new OrderId(sent.Reference) : null;
        // All other events about an order have the member orderId, those of later releases included.
        return recorded.Data.ValueKind is JsonValueKind.Object && recorded.Data.TryGetProperty("orderId", out var named)
            && named.ValueKind is JsonValueKind.String && OrderId.TryParse(named.GetString(), out var id) ? id : null;
    }

    private OrderReport With(RecordedEvent recorded)
    {
        var order = this with { Timeline = CausalOrder.Sort(Timeline.Append(TimelineEvent.Of(recorded))) };
        return recorded.Payload switch
        {
            OrderPlaced placed => order.With(placed).Becoming(placed.Status, null, recorded.Sequence),
            OrderConfirmed => order.Becoming("confirmed", null, recorded.Sequence),
            OrderCancelled cancelled => order.Becoming("cancelled", cancelled.Reason, recorded.Sequence),
            _ => order,
        };
    }

    private OrderReport With(OrderPlaced placed) => this with
    {
        UserId = placed.UserId,
        Items = [.. placed.Items.Select(item => new ReportedItem(item.ProductId, item.Sku, item.Name, item.Quantity, item.UnitPrice))],
        Total = placed.Total,
        PlacedAt = placed.PlacedAt,
    };

    private OrderReport Becoming(string status, string? reason, long sequence) =>
        sequence > Sequence ? this with { Status = status, Reason = reason, Sequence = sequence } : this;
}

public sealed record ReportedItem(ProductId ProductId, string Sku, string Name, int Quantity, Money UnitPrice);

/// <summary>An event in an order's timeline: its type, service, time and trace, without its data.</summary>
public sealed record TimelineEvent(
    EventId Id, string Type, string Service, Guid Subject, long Sequence, DateTimeOffset Time,
    string? TraceId, CorrelationId? CorrelationId, EventId? CausationId) : ICausalMessage
{
    bool ICausalMessage.IsCommand => false;

    public static TimelineEvent Of(RecordedEvent recorded) => new(
        recorded.Id, recorded.Type, recorded.Source.TrimStart('/'), recorded.Subject, recorded.Sequence,
        recorded.Time, recorded.TraceId, recorded.CorrelationId, recorded.CausationId);
}
