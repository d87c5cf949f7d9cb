using Microsoft.Extensions.Logging.Abstractions;
using Testcontainers.MongoDb;

namespace ForgeShop.TestSupport;

/// <summary>A MongoDB server. It runs in a container only.</summary>
public sealed class MongoServer : IAsyncDisposable
{
    private MongoDbContainer? _container;

    /// <summary>Gets the reason why MongoDB cannot be started; null if it can.</summary>
    public static string? Missing => ServerMode.UsesContainers ? null : "MongoDB needs a container engine, and the servers run natively.";

    /// <summary>Gets the connection string of the administrator. The server must be running.</summary>
    public string ConnectionString => _container?.GetConnectionString() ?? throw new InvalidOperationException("MongoDB is not running.");

    /// <summary>Starts the server and returns when it accepts clients.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _container = new MongoDbBuilder(Images.Mongo).WithLogger(NullLogger.Instance).Build();
        await _container.StartAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _container?.DisposeAsync() ?? ValueTask.CompletedTask;
}
