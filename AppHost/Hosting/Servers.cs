using ForgeShop.AppHost.Hosting.Native;

namespace ForgeShop.AppHost.Hosting;

/// <summary>Whether the servers (PostgreSQL, Redis, Kafka, documents) run in containers or natively.</summary>
internal enum Servers
{
    Containers,
    Native,
}

internal static class ServersExtensions
{
    private const string Key = "Servers";
    private const string Native = "native";
    private const string Containers = "containers";

    /// <summary>Returns the configured kind (<c>Servers=native|containers</c>), or containers if an engine answers.</summary>
    public static Servers ChooseServers(this IDistributedApplicationBuilder builder)
    {
        var (servers, reason) = builder.Configuration[Key]?.ToLowerInvariant() switch
        {
            Native => (Servers.Native, "as configured"),
            Containers => (Servers.Containers, "as configured"),
            _ when builder.ExecutionContext.IsPublishMode => (Servers.Containers, "to be deployed"),
            _ when ContainerEngine.Answers(builder) => (Servers.Containers, "a container engine answers"),
            _ => (Servers.Native, "no container engine answers"),
        };
        Console.WriteLine($"servers: {servers.ToString().ToLowerInvariant()} ({reason})");
        return servers;
    }

    /// <summary>Adds the document server: MongoDB in a container, or the given PostgreSQL where no container can run.</summary>
    public static DocumentServer AddDocuments(
        this IDistributedApplicationBuilder builder, string name, Servers servers, IResourceBuilder<PostgresServerResource> postgres) =>
        servers == Servers.Containers
            ? new(builder.AddMongoDB(name).WithDataVolume(builder.DataVolume(name)), null)
            : new(null, postgres);

    /// <summary>Replaces the containers of the model by processes if the servers run natively.</summary>
    /// <exception cref="DistributedApplicationException">The configured kind is unknown or cannot run on this machine.</exception>
    public static void Apply(this IDistributedApplicationBuilder builder, Servers servers, DataFolders data)
    {
        var configured = builder.Configuration[Key]?.ToLowerInvariant();
        if (configured is not (null or "" or Native or Containers))
            throw new DistributedApplicationException($"Servers={configured} is unknown: it is '{Native}' or '{Containers}'");
        if (configured == Containers && !builder.ExecutionContext.IsPublishMode && !ContainerEngine.Answers(builder))
            throw new DistributedApplicationException(
                "Servers=containers needs a container engine and none answers: start one, or remove the setting");
        if (servers == Servers.Native)
            builder.RunServersNatively(data);
    }
}

internal sealed class DocumentServer(IResourceBuilder<MongoDBServerResource>? mongodb, IResourceBuilder<PostgresServerResource>? postgres)
{
    public IResourceBuilder<IResourceWithConnectionString> Server => (IResourceBuilder<IResourceWithConnectionString>?)mongodb ?? postgres!;

    public IResourceBuilder<IResourceWithConnectionString> AddDatabase(string name, string databaseName) =>
        mongodb is not null ? mongodb.AddDatabase(name, databaseName) : postgres!.AddDatabase(name, databaseName);
}
