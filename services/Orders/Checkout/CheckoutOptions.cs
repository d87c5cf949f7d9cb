using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Orders.Checkout;

/// <summary>Configuration section <c>Checkout</c>.</summary>
public sealed class CheckoutOptions
{
    /// <summary>
    /// How long an order waits for its stock before it is cancelled. Long enough for an Inventory that is being restarted, and for a queue of orders before it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ReservationTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long an order waits for what became of its payment before it is cancelled. A provider that does not answer is not what this is for: Payments gives
    /// that up much earlier, counted from when it began to ask.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan PaymentTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>After so long without an answer what is to be undone is asked for again, in case it was lost; the pause doubles each time.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest such pause. There is no last time: what an order took is not kept because somebody did not answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan MaxResendPause { get; set; } = TimeSpan.FromMinutes(10);

    internal TimeSpan ResendPause(int resends)
    {
        var pause = ResendAfter * Math.Pow(2, Math.Min(resends, 20));
        return pause < MaxResendPause ? pause : MaxResendPause;
    }
}
