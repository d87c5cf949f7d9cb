namespace ForgeShop.AppHost;

internal static class Services
{
    /// <summary>
    /// A service of the shop: one HTTP endpoint, healthy when /health says so, in the environment of this AppHost. Launch profiles
    /// are not read, so that no port but a preferred one is fixed.
    /// </summary>
    public static IResourceBuilder<ProjectResource> AddService<TProject>(this IDistributedApplicationBuilder builder, string name, int? preferredPort = null)
        where TProject : IProjectMetadata, new()
    {
        var service = builder.AddProject<TProject>(name, launchProfileName: null)
            .WithHttpEndpoint(port: preferredPort is { } port && Ports.IsFree(port) ? port : null)
            .WithHttpHealthCheck("/health")
            .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
            .WithEnvironment("DOTNET_ENVIRONMENT", builder.Environment.EnvironmentName);

        // All derive IDs, so all must derive them alike.
        foreach (var setting in builder.Configuration.GetSection("Forge").GetChildren().Where(setting => setting.Value is not null))
            service.WithEnvironment($"Forge__{setting.Key}", setting.Value);
        return service;
    }

    /// <summary>
    /// Makes a service a client of Users, so that it gets tokens of its own to call other services with. The secret is generated once a
    /// machine, and only the two of them are told.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithTokensFrom(this IResourceBuilder<ProjectResource> service, IResourceBuilder<ProjectResource> users)
    {
        var name = service.Resource.Name;
        var secret = service.ApplicationBuilder.AddParameter(
            $"{name}-client-secret", new GenerateParameterDefault { MinLength = 32, Special = false }, secret: true, persist: true);
        users.WithEnvironment($"ServiceClients__{name}", secret);
        return service.WithEnvironment("Authentication__ClientId", name).WithEnvironment("Authentication__ClientSecret", secret);
    }
}
