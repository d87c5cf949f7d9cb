using ForgeShop.AppHost.Hosting.Native;

namespace ForgeShop.AppHost.Hosting;

/// <summary>How the servers (PostgreSQL, Redis, Kafka, documents) run.</summary>
internal enum Servers
{
    Containers,
    Native,
}

internal static class ServersExtensions
{
    private const string Key = "Servers";

    /// <summary>Returns the configured kind of servers (<c>Servers=native|containers</c>), or containers if a container engine answers.</summary>
    /// <exception cref="DistributedApplicationException">The value is unknown, or containers are asked for and no engine answers.</exception>
    public static Servers ChooseServers(this IDistributedApplicationBuilder builder)
    {
        var (servers, reason) = builder.Configuration[Key]?.ToLowerInvariant() switch
        {
            "native" => (Servers.Native, "as configured"),
            "containers" => (Servers.Containers, "as configured"),
            null or "" when builder.ExecutionContext.IsPublishMode => (Servers.Containers, "to be deployed"),
            null or "" when ContainerEngine.Answers(builder) => (Servers.Containers, "a container engine answers"),
            null or "" => (Servers.Native, "no container engine answers"),
            var other => throw new DistributedApplicationException($"Servers={other} is unknown: it is 'native' or 'containers'"),
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
    public static void Apply(this IDistributedApplicationBuilder builder, Servers servers, DataFolders data)
    {
        if (servers == Servers.Native)
            builder.RunServersNatively(data);
    }
}

/// <summary>The server of the read side's documents.</summary>
internal sealed class DocumentServer(IResourceBuilder<MongoDBServerResource>? mongodb, IResourceBuilder<PostgresServerResource>? postgres)
{
    public IResourceBuilder<IResourceWithConnectionString> Server => (IResourceBuilder<IResourceWithConnectionString>?)mongodb ?? postgres!;

    public IResourceBuilder<IResourceWithConnectionString> AddDatabase(string name, string databaseName) =>
        mongodb is not null ? mongodb.AddDatabase(name, databaseName) : postgres!.AddDatabase(name, databaseName);
}
