namespace ForgeShop.AppHost.Hosting;

internal static class Services
{
    /// <summary>
    /// Adds a service of the shop with one HTTP endpoint, the health check /health and the environment of this AppHost. Launch profiles are
    /// not read, because their ports are fixed.
    /// </summary>
    public static IResourceBuilder<ProjectResource> AddService<TProject>(
        this IDistributedApplicationBuilder builder, string name, int? preferredPort = null)
        where TProject : IProjectMetadata, new() => builder.AddProject<TProject>(name, launchProfileName: null)
        // Without Aspire's proxy, connections to a stopped service are refused at once instead of held.
        .WithHttpEndpoint(port: preferredPort is { } port && !builder.IsIsolated() && Ports.IsFree(port) ? port : null, isProxied: false)
        .AsBuilt()
        .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
        .WithEnvironment("DOTNET_ENVIRONMENT", builder.Environment.EnvironmentName)
        .WithServiceDefaults();

    /// <summary>Adds a service on Node.js: the folder <c>services/NAME</c>, installed and built by npm.</summary>
    public static IResourceBuilder<NodeAppResource> AddNodeService(this IDistributedApplicationBuilder builder, string name) => builder
        .AddNodeApp(name, $"../services/{name}", "dist/src/main.js")
        .WithNpm()
        .WithHttpEndpoint(env: "PORT", isProxied: false)
        .WithServiceDefaults();

    /// <summary>Returns whether the resource is a service of the shop that starts with it.</summary>
    public static bool IsService(this IResource resource) =>
        resource is (ProjectResource or NodeAppResource) && !resource.HasAnnotationOfType<ExplicitStartupAnnotation>();

    private static IResourceBuilder<T> WithServiceDefaults<T>(this IResourceBuilder<T> service)
        where T : IResourceWithEndpoints, IResourceWithEnvironment
    {
        var name = service.Resource.Name;
        service.WithUrlForEndpoint("http", url => url.DisplayText = $"{char.ToUpperInvariant(name[0])}{name[1..]} API")
            .WithHttpHealthCheck("/health")
            // Aspire's default, always_on, would record the queries of each health probe although the probe itself is filtered out.
            .WithEnvironment("OTEL_TRACES_SAMPLER", "parentbased_always_on")
            // The dashboard stops together with the services; a longer export would exceed a service's shutdown time-out.
            .WithEnvironment("OTEL_EXPORTER_OTLP_TIMEOUT", "1000");

        // All services derive IDs, so all need the same settings for it.
        foreach (
            var setting in service.ApplicationBuilder.Configuration.GetSection("Forge").GetChildren().Where(one => one.Value is not null))
            service.WithEnvironment($"Forge__{setting.Key}", setting.Value);
        return service;
    }

    /// <summary>Lets the audit in Reporting ask one more service about its stores.</summary>
    public static void WithAuditOf(
        this IResourceBuilder<ProjectResource> reporting, IResourceBuilder<IResourceWithServiceDiscovery> service)
    {
        string[] audited = ["users", "inventory", "orders", "payments", "notifications", service.Resource.Name];
        reporting.WithReference(service);
        foreach (var (index, name) in audited.Index())
            reporting.WithEnvironment($"Audit__Services__{index}", name);
    }

    /// <summary>Adds the migrator, which migrates all databases and exits. It has no endpoint; exit code 0 means success.</summary>
    public static IResourceBuilder<ExecutableResource> AddMigrator(this IDistributedApplicationBuilder builder, string name) => builder
        .AddExecutable(name, Programs.PathOf("Migrator"), builder.AppHostDirectory)
        .WithAnnotation(new RunsToCompletionAnnotation())
        .WithEnvironment("DOTNET_ENVIRONMENT", builder.Environment.EnvironmentName);

    /// <summary>Starts the built program directly. The default, <c>dotnet run</c>, adds a process of 70 MB for each service.</summary>
    public static IResourceBuilder<ProjectResource> AsBuilt(this IResourceBuilder<ProjectResource> project)
    {
        var path = project.Resource.GetProjectMetadata().ProjectPath;
        // Plain HTTP on the loopback interface, so no development certificate is needed.
        return project.WithoutHttpsCertificate().WithAnnotation(new ExecutableAnnotation
        {
            Command = Programs.PathOf(Path.GetFileNameWithoutExtension(path)),
            WorkingDirectory = Path.GetDirectoryName(path)!,
        });
    }

    /// <summary>
    /// Makes a service a client of Users, so that it gets its own tokens for calls to other services. The secret is generated once for each
    /// machine, and only Users and this service receive it.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithTokensFrom(
        this IResourceBuilder<ProjectResource> service, IResourceBuilder<ProjectResource> users)
    {
        var name = service.Resource.Name;
        var secret = service.ApplicationBuilder.AddParameter(
            $"{name}-client-secret", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);
        users.WithEnvironment($"ServiceClients__{name}", secret);
        return service.WithEnvironment("Authentication__ClientId", name).WithEnvironment("Authentication__ClientSecret", secret);
    }
}

/// <summary>Marks a resource that ends by itself when its work is done.</summary>
internal sealed class RunsToCompletionAnnotation : IResourceAnnotation;
