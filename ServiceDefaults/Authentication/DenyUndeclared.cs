using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ForgeShop.ServiceDefaults.Authentication;

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
