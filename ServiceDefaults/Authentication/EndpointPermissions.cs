using ForgeShop.ServiceDefaults.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ForgeShop.ServiceDefaults;

/// <summary>
/// Declares which callers an endpoint accepts. Every endpoint has one of these or <c>AllowAnonymous()</c>. An endpoint without either
/// returns 403 and fails a test.
/// </summary>
public static class EndpointPermissions
{
    /// <summary>
    /// Requires one of these permissions. For <c>:self</c> permissions the endpoint compares the owner with <see cref="Caller"/>.
    /// </summary>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder endpoint, params string[] anyOf)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoint.RequireAuthorization(policy => policy.AddRequirements(new PermissionRequirement(anyOf)));
        return endpoint.WithMetadata(Refusal(StatusCodes.Status401Unauthorized), Refusal(StatusCodes.Status403Forbidden));
    }

    /// <summary>Requires the token of another service. All endpoints under <c>/internal</c> use it.</summary>
    public static TBuilder RequireService<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.RequirePermission(Permissions.Internal);

    private static ProducesResponseTypeMetadata Refusal(int status) => new(status, typeof(ProblemDetails), [ProblemWriter.ContentType]);
}
