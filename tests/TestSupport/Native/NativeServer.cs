using System.Diagnostics;
using System.Net.Sockets;

namespace ForgeShop.TestSupport.Native;

/// <summary>A server as a process that ends with this process (see owned.sh), with its data in a temporary folder.</summary>
internal sealed class NativeServer(string name, int port, Func<string, ProcessStartInfo> command) : IServerHost
{
    private static readonly TimeSpan StartTimeout = Eventually.DefaultTimeout;
    private static readonly TimeSpan StopTimeout = Eventually.DefaultTimeout;

    private DirectoryInfo? _folder;
    private Process? _process;

    /// <summary>Gets the folder with the server's data and log.</summary>
    public string Folder => (_folder ??= Directory.CreateTempSubdirectory("forgeshop-")).FullName;

    /// <summary>Gets a script of the tests' output folder.</summary>
    public static string Script(string file) => Path.Combine(AppContext.BaseDirectory, "Native", file);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_process is not null)
            throw new InvalidOperationException($"{name} is running.");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(StartTimeout);
        _process = StartProcess();
        while (!await AcceptsAsync(deadline.Token))
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"{name} ended with exit code {_process.ExitCode}:\n{await LogAsync()}");
            try
            {
                await Task.Delay(50, deadline.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"{name} did not accept clients within {StartTimeout.TotalSeconds} s:\n{await LogAsync()}");
            }
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_process is null)
            return;
        using var process = _process;
        _process = null;
        if (!process.HasExited)
            await process.StandardInput.WriteAsync("stop\n");
        await EndAsync(process, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _folder?.Delete(recursive: true);
        _folder = null;
    }

    private Process StartProcess()
    {
        var server = command(Folder);
        var start = new ProcessStartInfo("/bin/sh", [Script("owned.sh"), Folder, server.FileName, .. server.ArgumentList])
        {
            RedirectStandardInput = true,
        };
        foreach (var (key, value) in server.Environment)
            start.Environment[key] = value;
        var process = Process.Start(start)!;
        process.StandardInput.AutoFlush = true;
        return process;
    }

    private async Task EndAsync(Process process, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(StopTimeout);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException($"{name} did not stop within {StopTimeout.TotalSeconds} s.");
        }
    }

    private async Task<bool> AcceptsAsync(CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port, cancellationToken);
            return !_process!.HasExited;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Returns the end of the server's log.</summary>
    private async Task<string> LogAsync()
    {
        var file = Path.Combine(Folder, "server.log");
        var lines = File.Exists(file) ? await File.ReadAllLinesAsync(file, CancellationToken.None) : [];
        return string.Join('\n', lines.TakeLast(30));
    }
}
