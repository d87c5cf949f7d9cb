using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Payments;

/// <summary>Configuration section <c>Payments</c>.</summary>
public sealed class PaymentOptions
{
    /// <summary>
    /// The time-out of one call of the provider. It is longer than the usual response time, because a call that timed out is repeated.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan ProviderTimeout { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>The delay after the first failed call; it doubles with each failure.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan MinBackoff { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The time after the first call after which a charge is given up. The worker then requests a refund, and the order is cancelled.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ChargeTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>The maximum delay between two calls. Refunds are retried until they are answered.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The maximum number of concurrent calls of the provider. A waiting call costs almost nothing.</summary>
    [Range(1, 10_000)]
    public int MaxConcurrency { get; set; } = 200;
}
