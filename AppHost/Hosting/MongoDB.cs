using MongoDB.Bson;
using MongoDB.Driver;

namespace Aspire.Hosting;

/// <summary>A MongoDB server, with the names and the behaviour of Aspire.Hosting.MongoDB, which can replace this file.</summary>
public sealed class MongoDBServerResource(string name, ParameterResource passwordParameter)
    : ContainerResource(name), IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "tcp";
    internal const string UserName = "admin";

    private EndpointReference? primaryEndpoint;

    public EndpointReference PrimaryEndpoint => primaryEndpoint ??= new(this, PrimaryEndpointName);

    public ParameterResource PasswordParameter { get; } = passwordParameter;

    public ReferenceExpression ConnectionStringExpression => ConnectionString(database: "");

    internal ReferenceExpression ConnectionString(string database)
    {
        const string Options = "authSource=admin&authMechanism=SCRAM-SHA-256";
        var address = PrimaryEndpoint.Property(EndpointProperty.HostAndPort);
        return ReferenceExpression.Create($"mongodb://{UserName}:{PasswordParameter:uri}@{address}/{database:uri}?{Options}");
    }
}

/// <summary>A database of a MongoDB server; the server creates it with its first document.</summary>
public sealed class MongoDBDatabaseResource(string name, string databaseName, MongoDBServerResource parent)
    : Resource(name), IResourceWithParent<MongoDBServerResource>, IResourceWithConnectionString
{
    public MongoDBServerResource Parent { get; } = parent;

    public string DatabaseName { get; } = databaseName;

    public ReferenceExpression ConnectionStringExpression => Parent.ConnectionString(DatabaseName);
}

public static class MongoDBBuilderExtensions
{
    public static IResourceBuilder<MongoDBServerResource> AddMongoDB(
        this IDistributedApplicationBuilder builder, [ResourceName] string name)
    {
        var password = ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-password", special: false);
        var server = new MongoDBServerResource(name, password);
        return builder.AddResource(server)
            .WithEndpoint(targetPort: 27017, name: MongoDBServerResource.PrimaryEndpointName)
            .WithImage("library/mongo", "8.2").WithImageRegistry("docker.io")
            .WithIconName("DatabaseMultiple")
            .WithEnvironment("MONGO_INITDB_ROOT_USERNAME", MongoDBServerResource.UserName)
            .WithEnvironment("MONGO_INITDB_ROOT_PASSWORD", password)
            .WithMongoHealthCheck();
    }

    public static IResourceBuilder<MongoDBDatabaseResource> AddDatabase(
        this IResourceBuilder<MongoDBServerResource> server, [ResourceName] string name, string? databaseName = null) =>
        server.ApplicationBuilder.AddResource(new MongoDBDatabaseResource(name, databaseName ?? name, server.Resource))
            .WithIconName("Database")
            .WithMongoHealthCheck();

    /// <summary>Keeps the documents in a named volume.</summary>
    public static IResourceBuilder<MongoDBServerResource> WithDataVolume(
        this IResourceBuilder<MongoDBServerResource> server, string name) => server.WithVolume(name, "/data/db");

    private static IResourceBuilder<T> WithMongoHealthCheck<T>(this IResourceBuilder<T> resource)
        where T : IResourceWithConnectionString
    {
        var builder = resource.ApplicationBuilder;
        var check = $"{resource.Resource.Name}_check";
        MongoClient? client = null;
        builder.Eventing.Subscribe<ConnectionStringAvailableEvent>(resource.Resource, async (_, cancellationToken) =>
            client = new MongoClient(await resource.Resource.ConnectionStringExpression.GetValueAsync(cancellationToken)));
        builder.Services.AddHealthChecks().AddAsyncCheck(check, async cancellationToken =>
        {
            if (client is null)
                return HealthCheckResult.Unhealthy("The server has no address yet.");
            await client.GetDatabase("admin")
                .RunCommandAsync<BsonDocument>(new BsonDocument("ping", 1), cancellationToken: cancellationToken);
            return HealthCheckResult.Healthy();
        });
        return resource.WithHealthCheck(check);
    }
}
