using ForgeShop.ServiceDefaults.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ForgeShop.ServiceDefaults;

/// <summary>
/// Who may call an endpoint. Every endpoint declares one of these, or <c>AllowAnonymous()</c>; one that declares nothing answers
/// nobody (and fails a test).
/// </summary>
public static class EndpointPermissions
{
    /// <summary>Whoever has one of these permissions. What a <c>:self</c> permission reaches is for the endpoint to check, with <see cref="Caller"/>.</summary>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder endpoint, params string[] anyOf) where TBuilder : IEndpointConventionBuilder
    {
        endpoint.RequireAuthorization(policy => policy.AddRequirements(new PermissionRequirement(anyOf)));
        return endpoint.WithMetadata(Refusal(StatusCodes.Status401Unauthorized), Refusal(StatusCodes.Status403Forbidden));
    }

    /// <summary>Other services, with a token of their own: the rule for everything under <c>/internal</c>.</summary>
    public static TBuilder RequireService<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.RequirePermission(Permissions.Internal);

    private static ProducesResponseTypeMetadata Refusal(int status) => new(status, typeof(ProblemDetails), [ProblemWriter.ContentType]);
}
