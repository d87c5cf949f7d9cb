using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http.Resilience;

namespace ForgeShop.ServiceDefaults;

public static class ServiceDefaultsExtensions
{
    /// <summary>
    /// Adds telemetry, health, the rules of the API, access tokens, and HttpClients with service discovery and retries. It works without an
    /// AppHost.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddForgeIds(builder.Configuration);
        builder.AddTelemetry();
        builder.Services.AddHealth();
        builder.Services.AddApi();
        builder.Services.AddSingleton<IStartupFilter, OutermostSteps>();
        builder.Services.Configure<OutageOptions>(outages => outages.Conditions.Add(TransientPostgresErrors.Contains));
        builder.Services.AddTimeBudgets();
        builder.AddAccessTokens();
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(AddResilience);
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> and <c>/alive</c>, and adds the middleware of every request. Call it before the service maps its endpoints, and
    /// after middleware that rejects requests before the rest (a rate limiter).
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.UseRequestTimeouts();
        app.UseMiddleware<RequestRules>();
        app.UseAuthentication();
        app.UseCorrelation();
        // After authentication, because it can read a body of unknown length.
        app.UseMiddleware<BodyLimit>();
        app.UseAuthorization();
        app.MapHealth();
        return app;
    }

    /// <summary>Adds service discovery (<c>https+http://inventory</c>), retries of safe requests, and circuit breakers.</summary>
    private static void AddResilience(IHttpClientBuilder http)
    {
        http.AddStandardResilienceHandler(resilience =>
        {
            resilience.AttemptTimeout.Timeout = TimeBudgets.CallAttempt;
            resilience.TotalRequestTimeout.Timeout = TimeBudgets.Call;
#pragma warning disable EXTEXP0001 // Still marked experimental; the alternative is to retry a POST.
            resilience.Retry.DisableForUnsafeHttpMethods();
#pragma warning restore EXTEXP0001
        }).SelectPipelineByAuthority();
        http.AddServiceDiscovery();
    }

    /// <summary>Added before all other middleware, the framework's own (routing, authentication) included.</summary>
    private sealed class OutermostSteps : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseTraceHeaders();
            app.UseApiAnswers();
            next(app);
        };
    }
}
