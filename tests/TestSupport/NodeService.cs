using System.Diagnostics;
using ForgeShop.TestSupport.Native;

namespace ForgeShop.TestSupport;

/// <summary>A service on Node.js, as a process that ends with this one.</summary>
public sealed class NodeService : IAsyncDisposable
{
    private readonly IServerHost _host;

    private NodeService(IServerHost host, Uri address) => (_host, Address) = (host, address);

    /// <summary>Gets the reason why no service on Node.js can run here; null if one can.</summary>
    public static string? Missing { get; } =
        Command.Exists("node", "--eval=process.exit(+(parseInt(process.versions.node)<20))") && Command.Exists("npm", "--version")
            ? null
            : "Node.js 20 or newer and npm are not installed.";

    public Uri Address { get; }

    /// <summary>Installs the packages of the app and builds it, if that has not been done before.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="service">The name of the service.</param>
    /// <param name="cancellationToken">Cancels the installation.</param>
    /// <returns>The folder of the app.</returns>
    public static async Task<string> InstallAsync(string root, string service, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(root, "services", service);
        await Command.RunAsync(
            "sh", [Path.Combine(root, "AppHost", "Hosting", "Native", "npm.sh")], folder, cancellationToken: cancellationToken);
        return folder;
    }

    /// <summary>Starts a service and returns when it accepts clients.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="service">The name of the service.</param>
    /// <param name="settings">The settings of the service, as environment variables.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static async Task<NodeService> StartAsync(
        string root, string service, IEnumerable<KeyValuePair<string, string>> settings, CancellationToken cancellationToken)
    {
        var folder = await InstallAsync(root, service, cancellationToken);
        var port = FreePort.Next();
        var host = new NativeServer(service, port, _ =>
        {
            var start = new ProcessStartInfo(
                "node", [Path.Combine(folder, "dist", "src", "main.js")]) { Environment = { ["PORT"] = $"{port}" } };
            foreach (var (name, value) in settings)
                start.Environment[name] = value;
            return start;
        });
        try
        {
            await host.StartAsync(cancellationToken);
            return new NodeService(host, new Uri($"http://127.0.0.1:{port}"));
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
