using ForgeShop.ServiceDefaults.Correlation;
using ForgeShop.ServiceDefaults.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.ServiceDefaults.Errors;

internal static class ProblemExtensions
{
    public static void AddProblems(this IServiceCollection services)
    {
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        services.AddExceptionHandler<ExceptionProblems>();
        services.AddSingleton<IDeveloperPageExceptionFilter, ExceptionProblems>();
        services.AddSingleton<IStartupFilter, OutermostSteps>();
    }

    /// <summary>
    /// Added before all other middleware, the framework's own (routing, authentication) included, so that every refusal has the headers and
    /// the body.
    /// </summary>
    private sealed class OutermostSteps : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.UseTraceHeaders();
            app.UseExceptionHandler();
            app.UseStatusCodePages();
            app.UseMiddleware<HeadAndOptions>();
            app.UseMiddleware<ConditionalRequests>();
            next(app);
        };
    }
}
