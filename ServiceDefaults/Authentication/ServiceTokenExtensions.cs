using ForgeShop.ServiceDefaults.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.ServiceDefaults;

public static class ServiceTokenExtensions
{
    /// <summary>Requests of this client carry the service's own token, which is what other services' <c>/internal</c> endpoints ask for.</summary>
    public static IHttpClientBuilder AddServiceToken(this IHttpClientBuilder client) => client.AddHttpMessageHandler<ServiceTokenHandler>();
}
