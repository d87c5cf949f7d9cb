using ForgeShop.ServiceDefaults.Authentication;
using ForgeShop.ServiceDefaults.Correlation;
using ForgeShop.ServiceDefaults.Health;
using ForgeShop.ServiceDefaults.Errors;
using ForgeShop.ServiceDefaults.OpenApi;
using ForgeShop.ServiceDefaults.Requests;
using ForgeShop.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.ServiceDefaults;

/// <summary>The defaults of every service of the shop.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>
    /// Adds telemetry, health, problem details, access control, trace and correlation headers, and HttpClients with service discovery and
    /// retries. It works without an AppHost.
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddForgeIds(builder.Configuration);
        builder.AddTelemetry();
        builder.Services.AddHealth();
        builder.Services.AddProblems();
        builder.Services.AddStrictRequests();
        builder.Services.AddResilientHttpClients();
        builder.AddAccessControl();
        builder.Services.AddSingleton<WorkerServices>();
        builder.Services.AddConnectionRules();
        builder.Services.AddTimeBudgets();
        builder.Services.AddApiDocument();
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> and <c>/alive</c>, and adds the middleware of every request. Call it before the service maps its endpoints, and
    /// after middleware that rejects requests before the rest (a rate limiter).
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.UseRequestTimeouts();
        app.UseMiddleware<HeaderRules>();
        app.UseMiddleware<StrictQueries>();
        app.UseAuthentication();
        app.UseMiddleware<CorrelationMiddleware>();
        app.UseMiddleware<BodyLimit>();
        app.UseMiddleware<Utf8Bodies>();
        app.UseAuthorization();
        app.MapHealth();
        return app;
    }
}
