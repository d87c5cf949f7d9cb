using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenTelemetry.Instrumentation.AspNetCore;

namespace OpenTelemetry.Instrumentation.AspNetCore
{
    public class AspNetCoreTraceInstrumentationOptions
    {
        /// <summary>False keeps a request out of the traces, and everything below it.</summary>
        public Func<HttpContext, bool>? Filter { get; set; }
    }
}

namespace OpenTelemetry.Trace
{
    public static class AspNetCoreInstrumentationTracerProviderBuilderExtensions
    {
        public static TracerProviderBuilder AddAspNetCoreInstrumentation(
            this TracerProviderBuilder builder, Action<AspNetCoreTraceInstrumentationOptions>? configureAspNetCoreTraceInstrumentationOptions)
        {
            // ASP.NET Core 10 names and tags its activity itself, if only asked to. It never records the query.
            AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
            if (configureAspNetCoreTraceInstrumentationOptions is not null)
                builder.ConfigureServices(services => services.Configure(configureAspNetCoreTraceInstrumentationOptions));
            return builder
                .AddSource("Microsoft.AspNetCore")
                .AddInstrumentation(services => new RequestFilter(services.GetRequiredService<IOptions<AspNetCoreTraceInstrumentationOptions>>().Value));
        }

        /// <summary>The activity exists before anybody knows the request, so a filter can only take back that it is recorded.</summary>
        private sealed class RequestFilter : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
        {
            private const string RequestStarts = "Microsoft.AspNetCore.Hosting.HttpRequestIn.Start";

            private readonly Func<HttpContext, bool>? _filter;
            private readonly List<IDisposable> _subscriptions = [];

            public RequestFilter(AspNetCoreTraceInstrumentationOptions options)
            {
                _filter = options.Filter;
                if (_filter is not null)
                    _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
            }

            public void OnNext(DiagnosticListener value)
            {
                if (value.Name == "Microsoft.AspNetCore")
                    _subscriptions.Add(value.Subscribe(this, (name, _, _) => name == RequestStarts || name == "Microsoft.AspNetCore.Hosting.HttpRequestIn"));
            }

            public void OnNext(KeyValuePair<string, object?> value)
            {
                if (value.Key != RequestStarts || value.Value is not HttpContext context || Activity.Current is not { } activity || _filter!(context))
                    return;
                activity.IsAllDataRequested = false;
                activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            }

            public void OnCompleted()
            {
            }

            public void OnError(Exception error)
            {
            }

            public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());
        }
    }
}

namespace OpenTelemetry.Metrics
{
    public static class AspNetCoreInstrumentationMeterProviderBuilderExtensions
    {
        public static MeterProviderBuilder AddAspNetCoreInstrumentation(this MeterProviderBuilder builder) => builder.AddMeter(
            "Microsoft.AspNetCore.Hosting",
            "Microsoft.AspNetCore.Server.Kestrel",
            "Microsoft.AspNetCore.Http.Connections",
            "Microsoft.AspNetCore.Routing",
            "Microsoft.AspNetCore.Diagnostics",
            "Microsoft.AspNetCore.RateLimiting",
            "Microsoft.AspNetCore.Authorization",
            "Microsoft.AspNetCore.Authentication",
            "Microsoft.AspNetCore.MemoryPool");
    }
}
