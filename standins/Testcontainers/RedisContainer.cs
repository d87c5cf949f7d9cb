using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using ForgeShop.StandIns.NativeServers;

namespace Testcontainers.Redis;

public sealed class RedisConfiguration : ContainerConfiguration;

public sealed class RedisBuilder : ContainerBuilder<RedisBuilder, RedisContainer, RedisConfiguration>
{
    public const ushort RedisPort = 6379;

    [Obsolete("Obsolete in the original, too: name the image.")]
    public RedisBuilder()
        : this("redis:7.0")
    {
    }

    public RedisBuilder(string image)
        : this(new RedisConfiguration { Image = image })
    {
    }

    private RedisBuilder(RedisConfiguration configuration)
        : base(configuration)
    {
    }

    public override RedisContainer Build() => new(DockerResourceConfiguration);

    private protected override RedisBuilder Create(RedisConfiguration configuration) => new(configuration);
}

public sealed class RedisContainer : DockerContainer
{
    public RedisContainer(RedisConfiguration configuration)
        : base(configuration, RedisBuilder.RedisPort)
    {
    }

    public string GetConnectionString() => $"{Hostname}:{GetMappedPublicPort(RedisBuilder.RedisPort)}";

    /// <summary>Runs a Lua script by redis-cli.</summary>
    public async Task<ExecResult> ExecScriptAsync(string scriptContent, CancellationToken ct = default)
    {
        var script = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(script, scriptContent, ct);
            return await RunClientAsync(
                "redis-cli", ["-h", Hostname, "-p", $"{GetMappedPublicPort()}", "--eval", script, "0"], new Dictionary<string, string>(), ct);
        }
        finally
        {
            File.Delete(script);
        }
    }

    private protected override async Task<INativeServer> StartServerAsync(string folder, int? port, CancellationToken ct) =>
        await RedisServer.StartAsync(new RedisServerOptions { DataFolder = folder, Port = port, Fast = true }, ct);
}
