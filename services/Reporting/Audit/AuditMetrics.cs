using System.Diagnostics.Metrics;

namespace ForgeShop.Reporting;

/// <summary>The audit's instruments in the meter of Reporting.</summary>
internal sealed class AuditMetrics
{
    private readonly Counter<long> _checked;
    private readonly Counter<long> _wrong;
    private readonly Counter<long> _repaired;
    private readonly Histogram<double> _duration;

    public AuditMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(ReportingMetrics.MeterName);
        _checked = meter.CreateCounter<long>("forgeshop.audit.checked", "{entry}", "Entries that a sweep checked.");
        _wrong = meter.CreateCounter<long>("forgeshop.audit.mismatched", "{finding}", "Findings: missing, mismatch and orphan.");
        _repaired = meter.CreateCounter<long>("forgeshop.audit.repaired", "{finding}", "Findings that were gone after the repair.");
        _duration = meter.CreateHistogram<double>("forgeshop.audit.duration", "s", "Duration of a sweep.");
    }

    public void Checked(string store, long entries) => _checked.Add(entries, new KeyValuePair<string, object?>("store", store));

    public void Found(AuditFinding finding)
    {
        _wrong.Add(1, new("store", finding.Store), new("state", finding.State));
        if (finding.IsRepaired)
            _repaired.Add(1, new KeyValuePair<string, object?>("store", finding.Store));
    }

    public void Finished(TimeSpan duration) => _duration.Record(duration.TotalSeconds);
}
