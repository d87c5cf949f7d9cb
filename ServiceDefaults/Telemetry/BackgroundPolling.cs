using System.Diagnostics;
using OpenTelemetry;

namespace ForgeShop.ServiceDefaults.Telemetry;

/// <summary>
/// Drops the spans of polling: queries outside of a request, message or migration. Each would start a trace of its own, one a second from
/// every service.
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
