using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ForgeShop.ServiceDefaults.Authentication;

/// <summary>
/// The policy of endpoints that declare none: nobody, with whatever token. What is not an endpoint of the service's own passes, because
/// it only says that there is nothing (404) or not by this method (405).
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
