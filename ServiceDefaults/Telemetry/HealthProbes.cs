using Microsoft.AspNetCore.Http;

namespace ForgeShop.ServiceDefaults.Telemetry;

/// <summary>Probes come every few seconds and tell nothing: they stay out of the traces, with everything they cause.</summary>
internal static class HealthProbes
{
    public static bool IsProbe(PathString path) => path == "/health" || path == "/alive";
}
