using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Orders.Checkout;

/// <summary>Configuration section <c>Checkout</c>.</summary>
public sealed class CheckoutOptions
{
    /// <summary>The time that an order waits for its stock before it is cancelled. Long enough for a restart of Inventory and for a queue of orders.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ReservationTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The time that an order waits for its payment before it is cancelled. Payments gives up a provider that does not answer much earlier.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan PaymentTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The time after which a compensation without an answer is sent again; it doubles each time.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest time between two compensations. They never end: what an order took is given back.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan MaxResendPause { get; set; } = TimeSpan.FromMinutes(10);

    internal TimeSpan LongestWait => new[] { ReservationTimeout, PaymentTimeout, MaxResendPause }.Max();

    /// <summary>Returns the time that a step waits for its answer.</summary>
    internal TimeSpan WaitOf(CheckoutStep step, int resends) => step switch
    {
        CheckoutStep.Reserving => ReservationTimeout,
        CheckoutStep.Charging => PaymentTimeout,
        _ => TimeSpan.FromTicks(Math.Min((ResendAfter * Math.Pow(2, Math.Min(resends, 20))).Ticks, MaxResendPause.Ticks)),
    };
}
