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

    /// <summary>The longest pause. A charge is given up when nobody waits for it any more; a refund never.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>So many calls of the provider wait for their answer at the same time. They cost next to nothing while they wait.</summary>
    [Range(1, 10_000)]
    public int MaxConcurrency { get; set; } = 200;
}
