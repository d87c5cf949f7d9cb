using Microsoft.Extensions.Configuration;

namespace Microsoft.Extensions.ServiceDiscovery;

/// <summary>
/// Where a service is, from <c>services:{name}:{scheme or endpoint name}:{index}</c>: what an AppHost writes. A name that
/// is not configured is taken for a host's name.
/// </summary>
internal sealed class ConfiguredEndpoints(IConfiguration configuration)
{
    private int _next;

    /// <summary>One of them, in turn.</summary>
    public Uri Resolve(Uri uri)
    {
        var endpoints = ResolveAll(uri);
        var endpoint = endpoints[(int)((uint)Interlocked.Increment(ref _next) % (uint)endpoints.Count)];
        return new UriBuilder(uri) { Scheme = endpoint.Scheme, Host = endpoint.Host, Port = endpoint.Port }.Uri;
    }

    public IReadOnlyList<Uri> ResolveAll(Uri uri)
    {
        // https+http://_admin.users: the schemes by preference, and an endpoint that has a name of its own.
        var schemes = uri.Scheme.Split('+');
        var (endpointName, service) = uri.Host.Split('.', 2) is [['_', .. var named], var rest] ? (named, rest) : (null, uri.Host);
        var section = configuration.GetSection("services").GetSection(service);
        string[] sections = endpointName is null ? ["default", .. schemes] : [endpointName];
        var endpoints = sections
            .Select(name => section.GetSection(name))
            .Where(candidate => candidate.Exists())
            .Select(candidate => candidate.GetChildren().Select(child => new Uri(child.Value!)).ToList())
            .FirstOrDefault();
        return endpoints is { Count: > 0 } ? endpoints : [new UriBuilder(uri) { Scheme = schemes[0] }.Uri];
    }
}
