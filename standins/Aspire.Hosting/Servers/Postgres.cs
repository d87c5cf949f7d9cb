using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.ApplicationModel
{
    public class PostgresServerResource(string name, ParameterResource? userName, ParameterResource password)
        : ContainerResource(name), IResourceWithConnectionString
    {
        public EndpointReference PrimaryEndpoint => new(this, "tcp");

        public ParameterResource? UserNameParameter { get; set; } = userName;

        public ParameterResource PasswordParameter { get; set; } = password;

        public IReadOnlyDictionary<string, string> Databases => DatabaseNames;

        public ReferenceExpression ConnectionStringExpression => new(async token =>
            $"Host={PrimaryEndpoint.Host};Port={PrimaryEndpoint.Port};Username={await UserName(token)};Password={await PasswordParameter.GetValueAsync(token)}");

        internal Dictionary<string, string> DatabaseNames { get; } = [];

        IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
        [
            new("Host", ReferenceExpression.Of(() => PrimaryEndpoint.Host)),
            new("Port", ReferenceExpression.Of(() => $"{PrimaryEndpoint.Port}")),
            new("Username", new(async token => await UserName(token))),
            new("Password", new(PasswordParameter.GetValueAsync)),
        ];

        internal async ValueTask<string> UserName(CancellationToken cancellationToken) =>
            UserNameParameter is null ? "postgres" : (await UserNameParameter.GetValueAsync(cancellationToken))!;
    }

    public class PostgresDatabaseResource(string name, string databaseName, PostgresServerResource postgresParentResource)
        : Resource(name), IResourceWithParent<PostgresServerResource>, IResourceWithConnectionString
    {
        public PostgresServerResource Parent { get; } = postgresParentResource;

        public string DatabaseName { get; } = databaseName;

        public ReferenceExpression ConnectionStringExpression => new(async token =>
            $"{await Parent.ConnectionStringExpression.GetValueAsync(token)};Database={DatabaseName}");

        IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
            [.. ((IResourceWithConnectionString)Parent).GetConnectionProperties(), new("DatabaseName", ReferenceExpression.Of(() => DatabaseName))];
    }
}

namespace Aspire.Hosting
{
    public static class PostgresBuilderExtensions
    {
        public static IResourceBuilder<PostgresServerResource> AddPostgres(
            this IDistributedApplicationBuilder builder,
            string name,
            IResourceBuilder<ParameterResource>? userName = null,
            IResourceBuilder<ParameterResource>? password = null,
            int? port = null) =>
            builder
                .AddResource(new PostgresServerResource(name, userName?.Resource, password?.Resource ?? builder.CreatePassword($"{name}-password")))
                .WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, port: port, targetPort: 5432));

        public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
            this IResourceBuilder<PostgresServerResource> builder, string name, string? databaseName = null)
        {
            var database = new PostgresDatabaseResource(name, databaseName ?? name, builder.Resource);
            builder.Resource.DatabaseNames.TryAdd(name, database.DatabaseName);
            return builder.ApplicationBuilder.AddResource(database);
        }

        public static IResourceBuilder<PostgresServerResource> WithDataVolume(
            this IResourceBuilder<PostgresServerResource> builder, string? name = null, bool isReadOnly = false) =>
            builder.WithAnnotation(new DataVolumeAnnotation());
    }
}
