using System.Diagnostics.Metrics;

namespace ForgeShop.Reporting;

/// <summary>The meter <c>ForgeShop.Reporting</c>.</summary>
public sealed class ReportingMetrics
{
    public const string MeterName = "ForgeShop.Reporting";

    private readonly Histogram<double> _lag, _sweepDuration;
    private readonly Counter<long> _applied, _duplicates, _checked, _wrong, _repaired;

    public ReportingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _lag = meter.CreateHistogram<double>("forgeshop.reporting.projection.lag", "s",
            "The time from an event to its effect on the read models, for the oldest event of each batch.");
        _applied = meter.CreateCounter<long>(
            "forgeshop.reporting.events.applied", "{event}", "Events that were applied to the read models.");
        _duplicates = meter.CreateCounter<long>("forgeshop.reporting.events.duplicates", "{event}",
            "Events that were dropped because another copy is recorded.");
        _checked = meter.CreateCounter<long>("forgeshop.audit.checked", "{entry}", "Entries that a sweep checked.");
        _wrong = meter.CreateCounter<long>("forgeshop.audit.mismatched", "{finding}", "Findings: missing, mismatch and orphan.");
        _repaired = meter.CreateCounter<long>("forgeshop.audit.repaired", "{finding}", "Findings that were gone after the repair.");
        _sweepDuration = meter.CreateHistogram<double>("forgeshop.audit.duration", "s", "Duration of a sweep.");
    }

    public void Applied(int events, TimeSpan lag, int duplicates)
    {
        _applied.Add(events);
        _duplicates.Add(duplicates);
        _lag.Record(Math.Max(0, lag.TotalSeconds));
    }

    public void Checked(string store, long entries) => _checked.Add(entries, new KeyValuePair<string, object?>("store", store));

    public void Found(AuditFinding finding)
    {
        _wrong.Add(1, new("store", finding.Store), new("state", finding.State));
        if (finding.IsRepaired)
            _repaired.Add(1, new KeyValuePair<string, object?>("store", finding.Store));
    }

    public void Swept(TimeSpan duration) => _sweepDuration.Record(duration.TotalSeconds);
}
