using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Payments;

/// <summary>Configuration section <c>Payments</c>.</summary>
public sealed class PaymentOptions
{
    /// <summary>How long the provider may take for one answer. Longer than it usually takes: an answer that is given up has to be asked for again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan ProviderTimeout { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>The pause after the first call that was not answered; it doubles from there.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan MinBackoff { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>So long after the first call a charge is given up: the provider is told that it is off, and the order hears that nothing was taken.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ChargePatience { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>The longest pause between two calls. A refund is asked for until it is answered.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>So many calls of the provider wait for their answer at the same time. They cost next to nothing while they wait.</summary>
    [Range(1, 10_000)]
    public int MaxConcurrency { get; set; } = 200;
}
