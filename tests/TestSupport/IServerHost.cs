using DotNet.Testcontainers.Containers;

namespace ForgeShop.TestSupport;

/// <summary>A container or a native process that runs a server. Its data survives a stop and is deleted with it.</summary>
internal interface IServerHost : IAsyncDisposable
{
    /// <summary>Starts the server and returns when it accepts clients.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Stops the server cleanly and keeps its data.</summary>
    Task StopAsync(CancellationToken cancellationToken);
}

internal sealed class ContainerHost(IContainer container) : IServerHost
{
    public Task StartAsync(CancellationToken cancellationToken) => container.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => container.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => container.DisposeAsync();
}
