using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Orders;

/// <summary>Configuration section <c>Checkout</c>.</summary>
public sealed class CheckoutOptions
{
    /// <summary>
    /// The maximum wait for the reservation before the order is cancelled. It covers a restart of Inventory and a queue of orders.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ReservationTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The maximum wait for the payment before the order is cancelled. Payments gives up a provider that does not answer much earlier.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan PaymentTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The delay before an unanswered compensation is sent again; it doubles each time.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The maximum delay between two compensations. Compensations are repeated until they are answered.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan MaxResendPause { get; set; } = TimeSpan.FromMinutes(10);

    internal TimeSpan LongestWait => new[] { ReservationTimeout, PaymentTimeout, MaxResendPause }.Max();

    /// <summary>Returns the time-out of a step.</summary>
    internal TimeSpan WaitOf(CheckoutStep step, int resends) => step switch
    {
        CheckoutStep.Reserving => ReservationTimeout,
        CheckoutStep.Charging => PaymentTimeout,
        _ => TimeSpan.FromTicks(Math.Min((ResendAfter * Math.Pow(2, Math.Min(resends, 20))).Ticks, MaxResendPause.Ticks)),
    };
}
