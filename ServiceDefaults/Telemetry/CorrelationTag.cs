using System.Diagnostics;
using ForgeShop.ServiceDefaults.Correlation;
using OpenTelemetry;

namespace ForgeShop.ServiceDefaults.Telemetry;

/// <summary>Every span tells what it belongs to, not only the ones that a request starts with.</summary>
internal sealed class CorrelationTag : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        if (data.GetBaggageItem(RequestCorrelation.BaggageKey) is { } correlation)
            data.SetTag(RequestCorrelation.SpanAttribute, correlation);
    }
}
