using System.Diagnostics;
using System.Globalization;
using DotNet.Testcontainers.Configurations;
using ForgeShop.StandIns.NativeServers;

namespace DotNet.Testcontainers.Containers;

/// <summary>
/// A native server that is treated like a container: stopped and started again it has its data and its port, disposed it has left
/// nothing behind.
/// </summary>
public abstract class DockerContainer : IContainer
{
    private readonly ContainerConfiguration configuration;
    private readonly int containerPort;
    private readonly SemaphoreSlim gate = new(1, 1);
    private string? folder;
    private int? lastPort;
    private bool isPaused;
    private volatile bool isStopping;

    private protected DockerContainer(ContainerConfiguration configuration, int containerPort)
    {
        this.configuration = configuration;
        this.containerPort = containerPort;
    }

    public string Hostname => "127.0.0.1";

    public TestcontainersStates State => this switch
    {
        { folder: null } => TestcontainersStates.Undefined,
        { Server: null } or { Server.Process.HasExited: true } => TestcontainersStates.Exited,
        { isPaused: true } => TestcontainersStates.Paused,
        _ => TestcontainersStates.Running,
    };

    private protected INativeServer? Server { get; private set; }

    public ushort GetMappedPublicPort() => GetMappedPublicPort(containerPort);

    public ushort GetMappedPublicPort(int containerPort) => GetMappedPublicPort(containerPort.ToString(CultureInfo.InvariantCulture));

    public ushort GetMappedPublicPort(string containerPort)
    {
        if (Server is null)
            throw new InvalidOperationException("The container does not run: call StartAsync first.");
        if (containerPort != this.containerPort.ToString(CultureInfo.InvariantCulture))
            throw new InvalidOperationException($"Exposed port {containerPort} is not mapped.");
        return (ushort)Server.Port;
    }

    public async Task StartAsync(CancellationToken ct = default)
    {
        await gate.WaitAsync(ct);
        try
        {
            if (Server is { Process.HasExited: false })
                return;
            await StopServerAsync(ct);
            await TestFolder.SweepOnceAsync().WaitAsync(ct);
            folder ??= TestFolder.Create(GetType().Name);
            var port = configuration.HostPort ?? (lastPort is { } last && FreePort.IsFree(last) ? last : null);
            Server = await StartServerAsync(folder, port, ct);
            lastPort = Server.Port;
            isStopping = false;
            _ = TellOfDeathAsync(Server);
        }
        finally
        {
            gate.Release();
        }
    }

    public async Task StopAsync(CancellationToken ct = default)
    {
        await gate.WaitAsync(ct);
        try
        {
            await StopServerAsync(ct);
        }
        finally
        {
            gate.Release();
        }
    }

    public Task PauseAsync(CancellationToken ct = default)
    {
        Running().Process.Pause();
        isPaused = true;
        return Task.CompletedTask;
    }

    public Task UnpauseAsync(CancellationToken ct = default)
    {
        Running().Process.Resume();
        isPaused = false;
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (folder is not null)
            await DataFolder.DeleteAsync(folder);
        folder = null;
        GC.SuppressFinalize(this);
    }

    private protected abstract Task<INativeServer> StartServerAsync(string folder, int? port, CancellationToken ct);

    private protected INativeServer Running() => Server ?? throw new InvalidOperationException("The container does not run: call StartAsync first.");

    /// <summary>Runs a client program of the server, as ExecAsync would inside the container.</summary>
    private protected static async Task<ExecResult> RunClientAsync(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} does not start");
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
            await process.WaitForExitAsync(ct);
            return new ExecResult(await output, await error, process.ExitCode);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private async Task StopServerAsync(CancellationToken ct)
    {
        if (Server is null)
            return;
        isStopping = true;
        await Server.StopAsync(ct);
        await Server.DisposeAsync();
        Server = null;
        isPaused = false;
    }

    /// <summary>A server that ends by itself is to be seen in the output: all that its clients can say is that nobody answers.</summary>
    private async Task TellOfDeathAsync(INativeServer server)
    {
        var exitCode = await server.Process.Exited;
        if (ReferenceEquals(Server, server) && !isStopping)
        {
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{GetType().Name}: {server.Process} on port {server.Port} ended with exit code {exitCode} though nobody stopped it; it said: {string.Join(" | ", server.Process.LastLines.TakeLast(8))}"));
        }
    }
}
