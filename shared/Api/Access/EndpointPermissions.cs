using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;

namespace ForgeShop.Api;

/// <summary>
/// Declares which callers an endpoint accepts. Every endpoint has one of these or <c>AllowAnonymous()</c>. An endpoint without either
/// returns 403 and fails a test.
/// </summary>
public static class EndpointPermissions
{
    /// <summary>Requires one of these permissions. For <c>:self</c> the endpoint compares the owner with the caller.</summary>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder endpoint, params string[] anyOf)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.RequireAuthorization(policy => policy.AddRequirements(new PermissionRequirement(anyOf)));
}

public sealed class PermissionRequirement(params string[] anyOf) : AuthorizationHandler<PermissionRequirement>, IAuthorizationRequirement
{
    public const string ScopeClaim = "scope";

    public IReadOnlyList<string> AnyOf { get; } = anyOf;

    /// <summary>Returns the permissions of a token: the words of its scope.</summary>
    public static IReadOnlySet<string> PermissionsOf(ClaimsPrincipal principal) =>
        principal.FindAll(ScopeClaim).SelectMany(scope => scope.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToHashSet(StringComparer.Ordinal);

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, PermissionRequirement requirement)
    {
        if (PermissionsOf(context.User).Overlaps(requirement.AnyOf))
            context.Succeed(requirement);
        return Task.CompletedTask;
    }
}

/// <summary>
/// Deny by default: an endpoint without an authorization requirement returns 403. Requests without an endpoint of the service pass, because
/// their answer is only 404 or 405.
/// </summary>
internal sealed class DenyUndeclared : AuthorizationHandler<DenyUndeclared>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, DenyUndeclared requirement)
    {
        if (context.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint)
            context.Succeed(requirement);
        return Task.CompletedTask;
    }
}
