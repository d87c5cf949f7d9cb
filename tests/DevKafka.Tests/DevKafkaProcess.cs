using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ForgeShop.DevKafka.Tests;

/// <summary>DevKafka as a child process; the instance owns the data folder over restarts.</summary>
internal sealed partial class DevKafkaProcess : IAsyncDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "ForgeShop.DevKafka.dll");
    private static readonly TimeSpan StopTimeout = Eventually.DefaultTimeout;

    private readonly StringBuilder _errors = new();
    private readonly string[] _arguments;
    private Process? _process;

    public DevKafkaProcess(params string[] arguments) => _arguments = arguments;

    public string DataFolder { get; } = Path.Combine(Path.GetTempPath(), $"devkafka-{Guid.NewGuid():N}");

    public int Port { get; private set; }

    public string Address => $"127.0.0.1:{Port}";

    public string Errors
    {
        get
        {
            lock (_errors)
                return _errors.ToString();
        }
    }

    public Process Running => _process ?? throw new InvalidOperationException("The broker is not running");

    public static async Task<DevKafkaProcess> StartNewAsync(params string[] arguments)
    {
        var broker = new DevKafkaProcess(arguments);
        await broker.StartAsync();
        return broker;
    }

    /// <summary>Starts the broker; after the first time, on the port that it had before.</summary>
    public async Task StartAsync()
    {
        var process = Start(["--data", DataFolder, "--port", $"{Port}", .. _arguments]);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
                _errors.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
        _process = process;
        using var timeout = new CancellationTokenSource(Eventually.DefaultTimeout);
        var ready = await process.StandardOutput.ReadLineAsync(timeout.Token);
        var match = ReadyLine().Match(ready ?? string.Empty);
        match.Success.ShouldBeTrue($"Output: {ready}; errors: {Errors}");
        Port = int.Parse(match.Groups["port"].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Ends the broker with SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Ends the broker with SIGTERM; returns the exit code. A stop that waits for clients exceeds the time-out.</summary>
    public async Task<int> StopAsync()
    {
        using var timeout = new CancellationTokenSource(StopTimeout);
        using (var kill = Process.Start("kill", ["-TERM", $"{Running.Id}"]))
            await kill.WaitForExitAsync(timeout.Token);
        await Running.WaitForExitAsync(timeout.Token);
        var exitCode = Running.ExitCode;
        _process!.Dispose();
        _process = null;
        return exitCode;
    }

    /// <summary>Runs DevKafka until it ends by itself.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        using var timeout = new CancellationTokenSource(Eventually.DefaultTimeout);
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);
        var output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
        await process.WaitForExitAsync(timeout.Token);
        return (process.ExitCode, output, await errors);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (Directory.Exists(DataFolder))
            Directory.Delete(DataFolder, recursive: true);
    }

    private static Process Start(IEnumerable<string> arguments) => Process.Start(new ProcessStartInfo("dotnet", [Program, .. arguments])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    [GeneratedRegex("^DevKafka is ready on 127.0.0.1:(?<port>\\d+) \\(data in .+\\)$")]
    private static partial Regex ReadyLine();
}
