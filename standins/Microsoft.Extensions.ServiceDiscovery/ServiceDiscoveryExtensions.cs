using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.ServiceDiscovery;

namespace Microsoft.Extensions.DependencyInjection;

public static class ServiceDiscoveryServiceCollectionExtensions
{
    public static IServiceCollection AddServiceDiscovery(this IServiceCollection services)
    {
        services.TryAddSingleton<ConfiguredEndpoints>();
        return services;
    }
}

public static class ServiceDiscoveryHttpClientBuilderExtensions
{
    public static IHttpClientBuilder AddServiceDiscovery(this IHttpClientBuilder httpClientBuilder)
    {
        httpClientBuilder.Services.TryAddSingleton<ConfiguredEndpoints>();
        return httpClientBuilder.AddHttpMessageHandler(services => new ResolvingHandler(services.GetRequiredService<ConfiguredEndpoints>()));
    }

    private sealed class ResolvingHandler(ConfiguredEndpoints endpoints) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var asked = request.RequestUri;
            request.RequestUri = asked is null ? null : endpoints.Resolve(asked);
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            finally
            {
                // A retry resolves again.
                request.RequestUri = asked;
            }
        }
    }
}
