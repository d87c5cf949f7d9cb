using System.Diagnostics;
using System.Globalization;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>
/// A process in a session of its own, so that a terminal's Ctrl-C does not reach it and its owner decides when it ends. If the
/// owner dies without a word, the kernel sends it <see cref="NativeProcessOptions.StopSignal"/>.
/// </summary>
public sealed class NativeProcess : IAsyncDisposable
{
    private static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(5);

    /// <summary>How long to read on after the end: a child of the process may hold the pipe open.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(1);

    private readonly Process process;
    private readonly NativeProcessOptions options;
    private readonly Lock gate = new();
    private readonly Queue<string> lastLines = new();

    private NativeProcess(Process process, NativeProcessOptions options)
    {
        this.process = process;
        this.options = options;
        Name = Path.GetFileName(options.FileName);

        // Started a moment ago as our child, and children are not reaped before they are waited for: the number is still its own.
        Identity = ProcessIdentity.Of(process.Id) ?? new ProcessIdentity(process.Id, 0);
        Exited = WatchAsync();
    }

    public string Name { get; }

    public int Id => Identity.Id;

    public ProcessIdentity Identity { get; }

    /// <summary>Completes with the exit code when the process has ended and its output has been read.</summary>
    public Task<int> Exited { get; }

    public bool HasExited => Exited.IsCompleted;

    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (gate)
                return [.. lastLines];
        }
    }

    public static async Task<NativeProcess> StartAsync(NativeProcessOptions options)
    {
        var program = Tool.Find(options.FileName) ?? throw new NativeServerException($"{options.FileName} is not installed");
        var start = new ProcessStartInfo(Tool.Find("setsid") ?? throw new NativeServerException("setsid is not installed (util-linux)"))
        {
            WorkingDirectory = options.WorkingDirectory ?? string.Empty,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // setsid and setpriv replace themselves with the program, so the number stays the same. The signal for the parent's death
        // comes from the same program that changes the user, because changing the user clears it.
        string[] arguments =
        [
            Tool.Find("setpriv") ?? throw new NativeServerException("setpriv is not installed (util-linux)"),
            "--pdeathsig", options.StopSignal.ShortName(),
            .. options.RunAs?.SetprivArguments ?? [],
            "--", program, .. options.Arguments,
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in options.Environment)
            start.Environment[name] = value;

        var process = await ProcessStarter.StartAsync(start);
        process.StandardInput.Close();
        return new NativeProcess(process, options with { FileName = program });
    }

    /// <summary>
    /// Asks for a clean stop, waits for the grace time, then ends whatever is left of the process and its descendants. A
    /// cancelled token ends the grace at once; afterwards nothing is left either way.
    /// </summary>
    public async Task<int> StopAsync(TimeSpan? grace = null, CancellationToken cancellationToken = default)
    {
        var descendants = Identity.Tree();
        if (Identity.Signal(options.StopSignal))
        {
            Resume(); // a paused process hears the signal only when it runs again
            await ((Task)Exited).WaitAsync(grace ?? DefaultGrace, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        KillAll(descendants);
        return await Exited;
    }

    /// <summary>Ends the process and its descendants without asking.</summary>
    public Task<int> KillAsync() => StopAsync(TimeSpan.Zero);

    /// <summary>Stops the process and its descendants in their tracks until <see cref="Resume"/>.</summary>
    public void Pause() => SignalTree(UnixSignal.Stop);

    public void Resume() => SignalTree(UnixSignal.Continue);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        process.Dispose();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} ({Id})");

    private void SignalTree(UnixSignal signal)
    {
        foreach (var one in Identity.Tree())
            one.Signal(signal);
    }

    /// <summary>Kills who was there before the stop and who came since; whoever is forked meanwhile is caught by the next round.</summary>
    private void KillAll(IReadOnlyList<ProcessIdentity> known)
    {
        for (var left = known.Union(Identity.Tree()).Where(one => one.IsAlive).ToList(); left.Count > 0; left = [.. Identity.Tree()])
        {
            foreach (var one in left)
                one.Signal(UnixSignal.Kill);
        }
    }

    private async Task<int> WatchAsync()
    {
        var output = Task.WhenAll(PumpAsync(process.StandardOutput, isError: false), PumpAsync(process.StandardError, isError: true));
        await process.WaitForExitAsync();
        await output.WaitAsync(DrainTime).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (output.IsFaulted)
            await output; // a caller's OnLine threw
        return process.ExitCode;
    }

    private async Task PumpAsync(StreamReader reader, bool isError)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (gate)
            {
                while (lastLines.Count >= options.KeepLines)
                    lastLines.Dequeue();
                lastLines.Enqueue(line);
                options.OnLine?.Invoke(new NativeProcessLine(line, isError));
            }
        }
    }
}
