using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;

namespace ForgeShop.ServiceDefaults.Requests;

internal static class ResilientHttpClients
{
    /// <summary>
    /// Adds service discovery (<c>https+http://inventory</c>), retries of safe requests and a circuit breaker to HttpClients.
    /// </summary>
    public static void AddResilientHttpClients(this IServiceCollection services)
    {
        services.AddServiceDiscovery();
        services.ConfigureHttpClientDefaults(http =>
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
        });
    }
}
