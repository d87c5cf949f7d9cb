using Aspire.Hosting.ApplicationModel;
using ForgeShop.StandIns.NativeServers;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>Gives every endpoint a port: the one it asks for (a server: its usual one) if that is free, any free one otherwise.</summary>
internal sealed class PortAllocation(bool randomize, ILogger logger)
{
    private readonly HashSet<int> taken = [];

    public void Allocate(IEnumerable<IResource> resources)
    {
        foreach (var resource in resources)
        {
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
            {
                // Kestrel listens on both loopback addresses, the servers on one.
                var isServer = resource is ContainerResource;
                var wanted = endpoint.Port ?? (isServer ? endpoint.TargetPort : null);
                endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, isServer ? "127.0.0.1" : "localhost", Choose(resource.Name, wanted));
            }
        }
    }

    public int Choose(string resource, int? wanted)
    {
        var port = wanted is { } wish && !randomize && !taken.Contains(wish) && FreePort.IsFree(wish) ? wish : FreePort.Next();
        if (wanted != port && wanted is not null && !randomize)
            logger.LogInformation("port {Wanted} is taken: {Resource} listens on {Port}", wanted, resource, port);
        taken.Add(port);
        return port;
    }
}
