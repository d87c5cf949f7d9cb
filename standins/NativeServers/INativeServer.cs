namespace ForgeShop.StandIns.NativeServers;

/// <summary>A server that runs as a process of its own. Disposing it stops it; its data stays.</summary>
public interface INativeServer : IAsyncDisposable
{
    NativeProcess Process { get; }

    /// <summary>The port on 127.0.0.1.</summary>
    int Port { get; }

    /// <summary>As the server's usual .NET client takes it.</summary>
    string ConnectionString { get; }

    /// <summary>A clean stop; also to be called for a server that has died, so that its data folder is free again.</summary>
    Task StopAsync(CancellationToken cancellationToken = default);
}
