using System.Diagnostics;
using ForgeShop.ServiceDefaults.Correlation;
using OpenTelemetry;
using OpenTelemetry.Logs;

namespace ForgeShop.ServiceDefaults.Telemetry;

/// <summary>
/// The correlation of each log record, wherever it was written: in a request, in a handler of an event. The scopes that the
/// framework would add besides hold the path of the request and what the record has already.
/// </summary>
internal sealed class CorrelatedLogs : BaseProcessor<LogRecord>
{
    public override void OnEnd(LogRecord data)
    {
        if (Activity.Current?.GetBaggageItem(RequestCorrelation.BaggageKey) is { } correlation)
            data.Attributes = [.. data.Attributes ?? [], new(RequestCorrelation.SpanAttribute, correlation)];
    }
}
