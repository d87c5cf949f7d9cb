using System.Runtime.CompilerServices;

namespace ForgeShop.Services.Tests;

/// <summary>
/// Makes the services instrument as they do with an exporter. Nothing listens at the address; tests read the spans in the process.
/// </summary>
internal static class ExportedTelemetry
{
    [ModuleInitializer]
    internal static void Configure()
    {
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_TIMEOUT", "100");
    }
}
