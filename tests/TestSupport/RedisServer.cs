using System.Diagnostics;
using ForgeShop.TestSupport.Native;
using Microsoft.Extensions.Logging.Abstractions;
using Testcontainers.Redis;

namespace ForgeShop.TestSupport;

/// <summary>A Redis server without persistence.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly IServerHost _host;
    private readonly Func<string> _connectionString;

    public RedisServer()
    {
        if (ServerMode.UsesContainers)
        {
            var container = new RedisBuilder(Images.Redis).WithLogger(NullLogger.Instance).Build();
            _host = new ContainerHost(container);
            _connectionString = container.GetConnectionString;
        }
        else
        {
            var (port, password) = (FreePort.Next(), Guid.NewGuid().ToString("N"));
            _host = new NativeServer("Redis", port, folder => Command(folder, port, password));
            _connectionString = () => $"127.0.0.1:{port},password={password}";
        }
    }

    /// <summary>Gets the connection string in StackExchange.Redis' form. The server must be running.</summary>
    public string ConnectionString => _connectionString();

    /// <summary>Starts the server and returns when it accepts clients.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static ProcessStartInfo Command(string folder, int port, string password)
    {
        // The script starts redis-server by its name; this finds out first whether it is installed.
        Installation.OnPath("redis-server", package: "redis-server");
        return new("/bin/sh", [NativeServer.Script("redis.sh"), "--bind", "127.0.0.1", "--port", $"{port}", "--dir", folder, "--save", ""])
        {
            Environment = { ["REDIS_PASSWORD"] = password },
        };
    }
}
