using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ForgeShop.ServiceDefaults.Telemetry;

internal static class TelemetryExtensions
{
    /// <summary>Gives each request a trace ID and its baggage without recording spans.</summary>
    private static readonly ActivityListener RequestsOnly = new()
    {
        ShouldListenTo = source => source.Name == "Microsoft.AspNetCore",
        Sample = (ref _) => ActivitySamplingResult.PropagationData,
    };

    /// <summary>
    /// Exports traces, metrics and logs by OTLP to <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>. Without an endpoint no instrumentation is added,
    /// because spans without an exporter only cost processor time. Trace IDs and correlation are propagated in any case.
    /// </summary>
    public static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        // ASP.NET Core and HttpClient propagate trace context and baggage. A second propagator would continue a trace context that the
        // gateway has dropped.
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());

        builder.Logging.AddQuietLogging();
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            ActivitySource.AddActivityListener(RequestsOnly);
            return;
        }

        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });

        var serviceName = builder.Configuration["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName;
        builder.Services.AddOpenTelemetry()
            .UseOtlpExporter()
            .ConfigureResource(resource => resource.AddService(serviceName, autoGenerateServiceInstanceId: false))
            .WithTracing(tracing => tracing
                .AddSource("ForgeShop.*", "Npgsql")
                .AddAspNetCoreInstrumentation(requests =>
                requests.Filter = context => context.Request.Path.Value is not ("/health" or "/alive"))
                .AddHttpClientInstrumentation()
                .AddProcessor(new CorrelationTag())
                .AddProcessor(new BackgroundPolling())
                .AddProcessor(new QueryNames())
                .AddProcessor(new PathRedaction()))
            .WithMetrics(metrics => metrics
                .AddMeter("ForgeShop.*", "Npgsql")
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation());
    }
}
