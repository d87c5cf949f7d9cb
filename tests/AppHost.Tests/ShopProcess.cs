using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using ForgeShop.TestSupport;

namespace ForgeShop.AppHost.Tests;

/// <summary>The AppHost as a process, as <c>./forge up</c> runs it, with an artifacts folder of the test's.</summary>
internal sealed class ShopProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(5);

    // All processes of this shop inherit this variable, also those that leave the AppHost's session.
    private const string Marker = "FORGESHOP_TEST_RUN";

    private readonly Process process;
    private readonly string marker;
    private readonly ConcurrentQueue<string> lines = [];

    private ShopProcess(string artifacts, string marker, ProcessStartInfo start)
    {
        EndpointsFile = Path.Combine(artifacts, "run", "endpoints.json");
        this.marker = marker;
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    public string EndpointsFile { get; }

    public IReadOnlyCollection<string> Lines => lines;

    public static ShopProcess Start(string artifacts, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(
            // A shell may have started the tests with SIGINT ignored, or nohup with SIGHUP; a child inherits that.
            "env",
            [
                "--default-signal=INT,HUP", Hosting.Programs.PathOf("AppHost"), $"--Artifacts={artifacts}", .. arguments,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var marker = Guid.NewGuid().ToString("n");
        start.Environment[Marker] = marker;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var shop = new ShopProcess(artifacts, marker, start);
        shop.process.Start();
        shop.process.BeginOutputReadLine();
        shop.process.BeginErrorReadLine();
        return shop;
    }

    /// <summary>Waits until the endpoints file exists and fulfils the condition, and returns its content.</summary>
    public Task<JsonElement> HealthyAsync(CancellationToken cancellationToken, Func<JsonElement, bool>? condition = null) => Eventually.Get(
        "the shop is healthy",
        async token =>
        {
            File.Exists(EndpointsFile).ShouldBeTrue($"the AppHost printed:\n{string.Join('\n', lines)}");
            return JsonDocument.Parse(await File.ReadAllTextAsync(EndpointsFile, token)).RootElement;
        },
        endpoints => condition?.Invoke(endpoints) != false,
        StartTimeout, cancellationToken);

    /// <summary>Sends a signal to the AppHost alone.</summary>
    public void Signal(string name) => Run("kill", $"-{name}", $"{process.Id}");

    public async Task<int> ExitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken).WaitAsync(timeout, cancellationToken);
        return process.ExitCode;
    }

    /// <summary>Waits until no process of this shop runs any more.</summary>
    public Task NoProcessIsLeftAsync(CancellationToken cancellationToken) => Eventually.Get(
        "no process is left", _ =>
            Task.FromResult(string.Join('\n', Processes())), left => left.Length == 0, cancellationToken: cancellationToken);

    /// <summary>Returns the command lines of this shop's processes.</summary>
    public IReadOnlyList<string> Processes() =>
    [
        .. from folder in Directory.EnumerateDirectories("/proc")
           where int.TryParse(Path.GetFileName(folder), out _)
           let environment = Read(folder, "environ")
           where environment.Contains($"{Marker}={marker}", StringComparison.Ordinal)
           select Read(folder, "cmdline").Replace('\0', ' '),
    ];

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Signal("TERM");
            await process.WaitForExitAsync().WaitAsync(Eventually.DefaultTimeout);
        }

        process.Dispose();
    }

    public static void Run(string program, params string[] arguments)
    {
        using var run = Process.Start(program, arguments);
        run.WaitForExit(Eventually.DefaultTimeout).ShouldBeTrue($"{program} did not end");
    }

    private static string Read(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ""; // the process has ended, or it belongs to another user
        }
    }

    private void Keep(string? line)
    {
        if (line is not null)
            lines.Enqueue(line);
    }
}
