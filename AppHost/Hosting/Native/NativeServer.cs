namespace ForgeShop.AppHost.Hosting.Native;

/// <summary>
/// A process that replaces a container in the model. It shares the container's name and annotations (endpoints, health checks, waits), so
/// references to the container keep working. PublishAsDockerFile does the reverse.
/// </summary>
internal sealed class NativeServer(ContainerResource container, string command, string workingDirectory)
    : ExecutableResource(container.Name, command, workingDirectory), IResourceWithConnectionString
{
    public override ResourceAnnotationCollection Annotations => container.Annotations;

    public ReferenceExpression ConnectionStringExpression => ((IResourceWithConnectionString)container).ConnectionStringExpression;
}

internal static class NativeServerExtensions
{
    /// <summary>Replaces a container by a process on a fixed port of 127.0.0.1.</summary>
    /// <param name="health">Creates the health check for a connection string.</param>
    /// <param name="onReady">Runs when the server is healthy for the first time, before its databases are ready.</param>
    public static IResourceBuilder<ExecutableResource> RunAsNativeServer<T>(
        this IResourceBuilder<T> container, string command, string workingDirectory,
        Func<string, IHealthCheck> health, Func<string, IEnumerable<IResource>, CancellationToken, Task>? onReady = null)
        where T : ContainerResource, IResourceWithConnectionString
    {
        var builder = container.ApplicationBuilder;
        var original = container.Resource;
        foreach (var annotation in original.Annotations.ToList())
        {
            if (annotation is ContainerImageAnnotation or ContainerMountAnnotation or EnvironmentCallbackAnnotation
                or CommandLineArgsCallbackAnnotation)
                original.Annotations.Remove(annotation);
        }

        foreach (var endpoint in original.Annotations.OfType<EndpointAnnotation>().ToList())
        {
            if (endpoint.Name != "tcp")
                original.Annotations.Remove(endpoint);
            // Without Aspire's proxy, connections to a stopped server are refused at once instead of held.
            (endpoint.TargetPort, endpoint.IsProxied, endpoint.TargetHost) = (null, false, "127.0.0.1");
        }

        builder.Resources.Remove(original);
        var server = new NativeServer(original, command, workingDirectory);

        // The official packages subscribe to events of the container, and Aspire propagates states to children of containers only.
        string? connectionString = null;
        builder.Eventing.Subscribe<ConnectionStringAvailableEvent>(server, async (@event, cancellationToken) =>
        {
            connectionString = await server.ConnectionStringExpression.GetValueAsync(cancellationToken);
            foreach (var child in Children(@event.Services, original).OfType<IResourceWithConnectionString>())
                await builder.Eventing.PublishAsync(new ConnectionStringAvailableEvent(child, @event.Services), cancellationToken);
        });
        builder.Services.Configure<HealthCheckServiceOptions>(options =>
        {
            foreach (var check in options.Registrations.Where(check => check.Name == $"{original.Name}_check"))
                check.Factory = _ => health(connectionString ?? throw new InvalidOperationException("The server has no address yet."));
        });
        builder.Eventing.Subscribe<ResourceReadyEvent>(server, async (@event, cancellationToken) =>
        {
            var children = Children(@event.Services, original).ToList();
            if (onReady is not null)
                await onReady(connectionString!, children, cancellationToken);
            await SetStateAsync(@event.Services, children, KnownResourceStates.Running);
        });
        builder.Eventing.Subscribe<ResourceStoppedEvent>(
            server, (@event, _) => SetStateAsync(@event.Services, Children(@event.Services, original), KnownResourceStates.Exited));
        return builder.AddResource<ExecutableResource>(server);
    }

    private static async Task SetStateAsync(IServiceProvider services, IEnumerable<IResource> children, string state)
    {
        var notifications = services.GetRequiredService<ResourceNotificationService>();
        foreach (var child in children)
            await notifications.PublishUpdateAsync(child, snapshot => snapshot with { State = state });
    }

    private static IEnumerable<IResource> Children(IServiceProvider services, IResource parent) =>
        services.GetRequiredService<DistributedApplicationModel>().Resources
            .OfType<IResourceWithParent>().Where(child => child.Parent == parent);
}
