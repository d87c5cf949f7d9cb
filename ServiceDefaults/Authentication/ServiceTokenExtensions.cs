using ForgeShop.ServiceDefaults.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.ServiceDefaults;

public static class ServiceTokenExtensions
{
    /// <summary>
    /// Sends the service's own token with each request of this client. The <c>/internal</c> endpoints of other services require it.
    /// </summary>
    public static IHttpClientBuilder AddServiceToken(this IHttpClientBuilder client) => client.AddHttpMessageHandler<ServiceTokenHandler>();
}
