using System.Diagnostics;
using ForgeShop.ServiceDefaults.Correlation;
using OpenTelemetry;

namespace ForgeShop.ServiceDefaults.Telemetry;

/// <summary>Adds the correlation ID to every span.</summary>
internal sealed class CorrelationTag : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        if (data.GetBaggageItem(RequestCorrelation.BaggageKey) is { } correlation)
            data.SetTag(RequestCorrelation.SpanAttribute, correlation);
    }
}
