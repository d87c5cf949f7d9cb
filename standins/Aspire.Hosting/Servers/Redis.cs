using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.ApplicationModel
{
    public class RedisResource(string name, ParameterResource password) : ContainerResource(name), IResourceWithConnectionString
    {
        public EndpointReference PrimaryEndpoint => new(this, "tcp");

        public ParameterResource? PasswordParameter { get; } = password;

        public ReferenceExpression ConnectionStringExpression => new(async token =>
            $"{PrimaryEndpoint.Host}:{PrimaryEndpoint.Port},password={await PasswordParameter!.GetValueAsync(token)}");

        IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
        [
            new("Host", ReferenceExpression.Of(() => PrimaryEndpoint.Host)),
            new("Port", ReferenceExpression.Of(() => $"{PrimaryEndpoint.Port}")),
            new("Password", new(PasswordParameter!.GetValueAsync)),
        ];
    }
}

namespace Aspire.Hosting
{
    public static class RedisBuilderExtensions
    {
        public static IResourceBuilder<RedisResource> AddRedis(
            this IDistributedApplicationBuilder builder, string name, int? port = null, IResourceBuilder<ParameterResource>? password = null) =>
            builder
                // No special characters: a comma or an equals sign would end the password in a StackExchange.Redis connection string.
                .AddResource(new RedisResource(name, password?.Resource ?? builder.CreatePassword($"{name}-password", special: false)))
                .WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, port: port, targetPort: 6379));

        public static IResourceBuilder<RedisResource> WithDataVolume(this IResourceBuilder<RedisResource> builder, string? name = null, bool isReadOnly = false) =>
            builder.WithAnnotation(new DataVolumeAnnotation());
    }
}
