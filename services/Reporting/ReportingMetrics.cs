using System.Diagnostics.Metrics;

namespace ForgeShop.Reporting;

/// <summary>The meter <c>ForgeShop.Reporting</c>.</summary>
public sealed class ReportingMetrics
{
    public const string MeterName = "ForgeShop.Reporting";

    private readonly Histogram<double> _lag;
    private readonly Counter<long> _applied;
    private readonly Counter<long> _duplicates;

    public ReportingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _lag = meter.CreateHistogram<double>("forgeshop.reporting.projection.lag", "s",
            "The time from an event to its effect on the read models, for the oldest event of each batch.");
        _applied = meter.CreateCounter<long>(
            "forgeshop.reporting.events.applied", "{event}", "Events that were applied to the read models.");
        _duplicates = meter.CreateCounter<long>("forgeshop.reporting.events.duplicates", "{event}",
            "Events that were dropped because another copy is recorded.");
    }

    public void Applied(int events, TimeSpan lag, int duplicates)
    {
        _applied.Add(events);
        _duplicates.Add(duplicates);
        _lag.Record(Math.Max(0, lag.TotalSeconds));
    }
}
