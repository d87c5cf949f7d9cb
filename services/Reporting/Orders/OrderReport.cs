using System.Text.Json.Serialization;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Reporting.Customers;
using ForgeShop.Reporting.Log;

namespace ForgeShop.Reporting.Orders;

/// <summary>The read model of one order: what it is, and everything that happened to it. Until the order itself is heard of, only the latter.</summary>
public sealed record OrderReport(OrderId Id)
{
    public UserId? UserId { get; init; }
    public string? Status { get; init; }

    /// <summary>Why it was cancelled.</summary>
    public string? Reason { get; init; }

    public IReadOnlyList<ReportedItem> Items { get; init; } = [];
    public Money? Total { get; init; }
    public DateTimeOffset? PlacedAt { get; init; }
    public IReadOnlyList<TimelineEvent> Timeline { get; init; } = [];

    /// <summary>The sequence of the latest event of the order itself that is in here.</summary>
    public long Sequence { get; init; }

    /// <summary>What of this order is in the customer's sums for good; null while nothing is. See <see cref="CustomerSums"/>.</summary>
    public Contribution? Counted { get; init; }

    /// <summary>What the customer's sums should have of this order: its total while it is confirmed, before and after that nothing. Null while it is not known.</summary>
    [JsonIgnore]
    public Contribution? Due => Total is { } total && PlacedAt is { } placedAt
        ? new(Sequence, Status == Confirmed ? total : total with { Amount = 0 }, placedAt)
        : null;

    private const string Confirmed = "confirmed";
    private const string Cancelled = "cancelled";

    public static readonly DocumentField<OrderReport, Guid> UserField = DocumentField.Uuid<OrderReport>("userId", order => order.UserId?.Value);
    public static readonly DocumentField<OrderReport, DateTimeOffset> PlacedAtField = DocumentField.Time<OrderReport>("placedAt", order => order.PlacedAt);

    public static DocumentModel<OrderReport> Model { get; } = new("orders", ReportingJson.Default.OrderReport, [UserField, PlacedAtField]);

    /// <summary>With one more event; null if it is in here already.</summary>
    public OrderReport? With(RecordedEvent recorded)
    {
        if (Timeline.Any(known => known.Id == recorded.Id))
            return null;
        var order = this with { Timeline = TimelineEvent.InOrder([.. Timeline, TimelineEvent.Of(recorded)]) };
        if (recorded.Is<OrderPlaced>(out var placed))
            return order.With(placed, recorded.Sequence);
        if (recorded.Is<OrderConfirmed>(out _))
            return order.Becoming(Confirmed, null, recorded.Sequence);
        return recorded.Is<OrderCancelled>(out var cancelled) ? order.Becoming(Cancelled, cancelled.Reason, recorded.Sequence) : order;
    }

    private OrderReport Becoming(string status, string? reason, long sequence) =>
        sequence > Sequence ? this with { Status = status, Reason = reason, Sequence = sequence } : this;

    private OrderReport With(OrderPlaced placed, long sequence) => this with
    {
        UserId = placed.UserId,
        Items = [.. placed.Items.Select(item => new ReportedItem(item.ProductId, item.Sku, item.Name, item.Quantity, item.UnitPrice))],
        Total = placed.Total,
        PlacedAt = placed.PlacedAt,
        // What a later event said of the state stays.
        Status = sequence > Sequence ? placed.Status : Status,
        Sequence = Math.Max(Sequence, sequence),
    };
}

public sealed record ReportedItem(ProductId ProductId, string Sku, string Name, int Quantity, Money UnitPrice);
