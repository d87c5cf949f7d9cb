using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ForgeShop.ServiceDefaults;

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
                .AddProcessor(new SpanRules()))
            .WithMetrics(metrics => metrics
                .AddMeter("ForgeShop.*", "Npgsql")
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation());
    }

    private static void AddQuietLogging(this ILoggingBuilder logging)
    {
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        logging.AddFilter("Npgsql", LogLevel.Warning); // its spans contain the same information
        logging.AddFilter("Polly", LogLevel.Warning);
        logging.AddFilter("StackExchange.Redis", LogLevel.Warning);
        logging.AddFilter("ZiggyCreatures.Caching.Fusion", LogLevel.Warning);

        // These log the whole URL of a request, and queries can contain e-mail addresses. The full category names take precedence over a
        // coarser level in appsettings.json. The first one would also add the path to the scope of every record of a request.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        logging.AddFilter("System.Net.Http.HttpClient", LogLevel.Warning);
        logging.AddFilter("Yarp.ReverseProxy.Forwarder.HttpForwarder", LogLevel.Warning);

        // These log an error that their caller handles (a duplicate registration, a malformed body, a service that is still starting) or
        // logs itself.
        logging.AddFilter("Microsoft.AspNetCore.Diagnostics.DeveloperExceptionPageMiddleware", LogLevel.None);
        logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
        logging.AddFilter("Microsoft.EntityFrameworkCore.Database", LogLevel.None);
        logging.AddFilter("Microsoft.EntityFrameworkCore.Update", LogLevel.None);
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
    }
}
