namespace ForgeShop.Reporting;

/// <summary>The effect of an event on all sales figures: an order counts from its confirmation until its cancellation.</summary>
/// <param name="Sign">1 for a confirmation; -1 for the cancellation of a confirmed order.</param>
/// <param name="UserId">The customer.</param>
/// <param name="Total">The order's total.</param>
/// <param name="ConfirmedAt">The time of the confirmation; null in cancellations of older releases.</param>
/// <param name="Items">The order's lines; empty in events of older releases.</param>
public sealed record Sale(int Sign, UserId UserId, Money Total, DateTimeOffset? ConfirmedAt, IReadOnlyList<OrderPlacedItem> Items)
{
    /// <summary>Returns the effect of an event; null if it has none.</summary>
    public static Sale? Of(RecordedEvent recorded) => recorded.Payload switch
    {
        OrderConfirmed confirmed => new(1, confirmed.UserId, confirmed.Total, confirmed.ConfirmedAt, confirmed.Items ?? []),
        OrderCancelled cancelled when WasConfirmed(cancelled, recorded.Sequence) =>
            new(-1, cancelled.UserId, cancelled.Total, cancelled.ConfirmedAt, cancelled.Items ?? []),
        _ => null,
    };

    // The events of an order are placed (1), confirmed (2 if at all) and cancelled.
    private static bool WasConfirmed(OrderCancelled cancelled, long sequence) => cancelled.ConfirmedAt is not null || sequence > 2;
}
