using System.Globalization;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static class ResourceBuilderExtensions
{
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithConnectionString> source,
        string? connectionName = null,
        bool optional = false)
        where TDestination : IResourceWithEnvironment
    {
        var name = connectionName ?? source.Resource.Name;
        return builder.WithEnvironment(async (environment, cancellationToken) =>
        {
            environment[$"ConnectionStrings__{name}"] = await source.Resource.GetConnectionStringAsync(cancellationToken);
            foreach (var (property, value) in source.Resource.GetConnectionProperties())
                environment[$"{VariableName(name)}_{property.ToUpperInvariant()}"] = await value.GetValueAsync(cancellationToken);
        });
    }

    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment => builder.WithEnvironment(environment =>
    {
        foreach (var endpoint in source.Resource.GetEndpoints())
        {
            environment[$"services__{source.Resource.Name}__{endpoint.EndpointName}__0"] = endpoint.Url;
            environment[$"{VariableName(source.Resource.Name)}_{endpoint.EndpointName.ToUpperInvariant()}"] = endpoint.Url;
        }
    });

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment => builder.WithEnvironment(environment => environment[name] = value);

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, IResourceBuilder<ParameterResource> parameter)
        where T : IResourceWithEnvironment =>
        builder.WithEnvironment(async (environment, cancellationToken) => environment[name] = await parameter.Resource.GetValueAsync(cancellationToken));

    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport => builder.WithAnnotation(new WaitAnnotation(dependency.Resource));

    public static IResourceBuilder<T> WithHttpEndpoint<T>(
        this IResourceBuilder<T> builder, int? port = null, int? targetPort = null, string? name = null, string? env = null, bool? isProxied = null)
        where T : IResourceWithEndpoints
    {
        var endpoint = new EndpointAnnotation(ProtocolType.Tcp, uriScheme: "http", name: name, port: port, targetPort: targetPort, isProxied: isProxied);
        if (builder.Resource.GetEndpoint(endpoint.Name).Exists)
            throw new DistributedApplicationException($"'{builder.Resource.Name}' already has an endpoint named '{endpoint.Name}': give the second one a name of its own");
        if (env is not null)
        {
            builder.WithAnnotation(new EnvironmentAnnotation((environment, _) =>
            {
                environment[env] = endpoint.AllocatedEndpoint?.Port.ToString(CultureInfo.InvariantCulture);
                return ValueTask.CompletedTask;
            }));
        }

        return builder.WithAnnotation(endpoint);
    }

    public static IResourceBuilder<T> WithExternalHttpEndpoints<T>(this IResourceBuilder<T> builder)
        where T : IResourceWithEndpoints
    {
        foreach (var endpoint in builder.Resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.UriScheme is "http" or "https"))
            endpoint.IsExternal = true;
        return builder;
    }

    public static IResourceBuilder<T> WithHttpHealthCheck<T>(
        this IResourceBuilder<T> builder, string? path = null, int? statusCode = null, string? endpointName = null)
        where T : IResourceWithEndpoints => builder.WithAnnotation(new HttpHealthAnnotation(endpointName ?? "http", path ?? "/", statusCode ?? 200));

    public static EndpointReference GetEndpoint<T>(this IResourceBuilder<T> builder, string name)
        where T : IResourceWithEndpoints => builder.Resource.GetEndpoint(name);

    internal static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, Action<IDictionary<string, string?>> apply)
        where T : IResourceWithEnvironment => builder.WithEnvironment((environment, _) =>
    {
        apply(environment);
        return ValueTask.CompletedTask;
    });

    internal static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, Func<IDictionary<string, string?>, CancellationToken, ValueTask> apply)
        where T : IResourceWithEnvironment => builder.WithAnnotation(new EnvironmentAnnotation(apply));

    internal static IResourceBuilder<T> WithAnnotation<T>(this IResourceBuilder<T> builder, IResourceAnnotation annotation)
        where T : IResource
    {
        builder.Resource.Annotations.Add(annotation);
        return builder;
    }

    private static string VariableName(string name) =>
        string.Concat(name.Select(character => char.IsAsciiLetterOrDigit(character) ? char.ToUpperInvariant(character) : '_'));
}
