using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Diagnostics;

namespace ForgeShop.Api;

/// <summary>The rules of the HTTP API that every service follows (docs/http-api.md).</summary>
public static class ApiExtensions
{
    /// <summary>
    /// Adds problem details for every error, strict reading of bodies, denial by default, the OpenAPI document and the rules of
    /// connections. <see cref="UseApiAnswers"/>, <see cref="RequestRules"/> and <see cref="BodyLimit"/> are the middleware.
    /// </summary>
    public static void AddApi(this IServiceCollection services)
    {
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        services.AddProblemDetails();
        services.AddExceptionHandler<ExceptionProblems>();
        services.AddSingleton<IDeveloperPageExceptionFilter, ExceptionProblems>();
        // In every environment: the exception contains the name of the invalid field.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json =>
        {
            // Unknown members are refused, because they are typing errors or belong to another version. Duplicate members are refused,
            // because parsers disagree on them. A string is not accepted as a number.
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().AddRequirements(new DenyUndeclared()).Build());
        services.AddApiDocument();
        services.AddConnectionRules();
    }

    /// <summary>Adds what gives every answer its form. It comes before all other middleware, so that every refusal has it.</summary>
    public static void UseApiAnswers(this IApplicationBuilder app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseMiddleware<HeadAndOptions>();
        app.UseMiddleware<ConditionalRequests>();
    }
}
