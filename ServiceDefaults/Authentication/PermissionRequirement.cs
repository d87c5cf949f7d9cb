using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;

namespace ForgeShop.ServiceDefaults;

/// <summary>The token has one of these permissions.</summary>
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
