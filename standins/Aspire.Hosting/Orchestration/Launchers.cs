using Aspire.Hosting.ApplicationModel;
using ForgeShop.StandIns.NativeServers;

namespace Aspire.Hosting.Orchestration;

/// <summary>Knows how to start one resource. A server is ready when StartAsync returns, a service is merely running.</summary>
internal interface ILauncher
{
    /// <summary>What this machine lacks, as one clear line, or null.</summary>
    string? FindMissing();

    Task<Launched> StartAsync(Action<NativeProcessLine> onLine, CancellationToken cancellationToken);
}

/// <summary>A resource that runs. The token given to StopAsync ends its grace; afterwards nothing is left of it.</summary>
internal sealed record Launched(NativeProcess Process, Func<CancellationToken, Task> StopAsync);

internal sealed class PostgresLauncher(PostgresServerResource resource, DataRoot data, bool isTest) : ILauncher
{
    public string? FindMissing() => Prerequisites.ForPostgres().FirstOrDefault()?.ToString();

    public async Task<Launched> StartAsync(Action<NativeProcessLine> onLine, CancellationToken cancellationToken)
    {
        var server = await PostgresServer.StartAsync(
            new PostgresServerOptions
            {
                DataFolder = data.FolderOf(resource.Name),
                Port = resource.PrimaryEndpoint.Port,
                UserName = await resource.UserName(cancellationToken),
                Password = await resource.PasswordParameter.GetValueAsync(cancellationToken),
                Fast = isTest,
                OnLine = onLine,
                Log = line => onLine(new NativeProcessLine(line, IsError: false)),
            },
            cancellationToken);
        try
        {
            foreach (var database in resource.Databases.Values)
                await server.CreateDatabaseAsync(database, cancellationToken);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        return new(server.Process, server.StopAsync);
    }
}

internal sealed class RedisLauncher(RedisResource resource, DataRoot data, bool isTest) : ILauncher
{
    public string? FindMissing() => Prerequisites.ForRedis().FirstOrDefault()?.ToString();

    public async Task<Launched> StartAsync(Action<NativeProcessLine> onLine, CancellationToken cancellationToken)
    {
        var server = await RedisServer.StartAsync(
            new RedisServerOptions
            {
                DataFolder = data.FolderOf(resource.Name),
                Port = resource.PrimaryEndpoint.Port,
                Password = await resource.PasswordParameter!.GetValueAsync(cancellationToken),
                Fast = isTest,
                OnLine = onLine,
                Log = line => onLine(new NativeProcessLine(line, IsError: false)),
            },
            cancellationToken);
        return new(server.Process, server.StopAsync);
    }
}

internal sealed class KafkaLauncher(KafkaServerResource resource, DataRoot data) : ILauncher
{
    public string? FindMissing() => Prerequisites.ForKafka().FirstOrDefault()?.ToString();

    public async Task<Launched> StartAsync(Action<NativeProcessLine> onLine, CancellationToken cancellationToken)
    {
        var server = await KafkaBroker.StartAsync(
            new KafkaBrokerOptions
            {
                DataFolder = data.FolderOf(resource.Name),
                Port = resource.PrimaryEndpoint.Port,
                OnLine = onLine,
                Log = line => onLine(new NativeProcessLine(line, IsError: false)),
            },
            cancellationToken);
        return new(server.Process, server.StopAsync);
    }
}
