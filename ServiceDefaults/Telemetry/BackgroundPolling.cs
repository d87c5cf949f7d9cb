using System.Diagnostics;
using OpenTelemetry;

namespace ForgeShop.ServiceDefaults.Telemetry;

/// <summary>
/// A query that no request, message or migration asked for is a poll. Each would be a trace of its own, one every second
/// from every service, and bury the traces that somebody looks for.
/// </summary>
internal sealed class BackgroundPolling : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        if (data.ParentId is not null || data.Source.Name is not ("Npgsql" or "OpenTelemetry.Instrumentation.StackExchangeRedis"))
            return;
        data.IsAllDataRequested = false;
        data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
