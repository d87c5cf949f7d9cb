using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.ServiceDiscovery;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Microsoft.Extensions.DependencyInjection;

public static class ServiceDiscoveryReverseProxyServiceCollectionExtensions
{
    public static IReverseProxyBuilder AddServiceDiscoveryDestinationResolver(this IReverseProxyBuilder builder)
    {
        builder.Services.TryAddSingleton<ConfiguredEndpoints>();
        builder.Services.AddSingleton<IDestinationResolver, DestinationResolver>();
        return builder;
    }

    private sealed class DestinationResolver(ConfiguredEndpoints endpoints, IConfiguration configuration) : IDestinationResolver
    {
        public ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
            IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellationToken)
        {
            var resolved = new Dictionary<string, DestinationConfig>();
            foreach (var (name, destination) in destinations)
            {
                foreach (var endpoint in endpoints.ResolveAll(new Uri(destination.Address)))
                    resolved[$"{name}[{endpoint}]"] = destination with { Address = endpoint.ToString() };
            }

            return ValueTask.FromResult(new ResolvedDestinationCollection(resolved, configuration.GetReloadToken()));
        }
    }
}
