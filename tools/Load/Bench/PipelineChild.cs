using System.Diagnostics;
using System.Text.Json;
using ForgeShop.Benchmarks.Pipelines;

namespace ForgeShop.Load.Bench;

/// <summary>A pipeline of tests/Benchmarks in a process of its own.</summary>
internal sealed class PipelineChild : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1), AnswerTimeout = TimeSpan.FromMinutes(4),
        StopTimeout = TimeSpan.FromSeconds(20);

    private readonly string _kind;
    private readonly Process _process;

    private PipelineChild(string kind, Process process) => (_kind, _process) = (kind, process);

    /// <param name="kind">The pipeline.</param>
    /// <param name="database">The connection string of a database that the pipeline creates.</param>
    /// <param name="kafka">The bootstrap servers.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    public static async Task<PipelineChild> StartAsync(string kind, string database, string kafka, CancellationToken cancellationToken)
    {
        // The build puts each program into artifacts/bin/PROJECT/CONFIGURATION.
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(own.FullName, "..", "..", "Benchmarks", own.Name, "ForgeShop.Benchmarks.dll");
        var start = new ProcessStartInfo("dotnet", [program, "pipeline", kind])
        { RedirectStandardInput = true, RedirectStandardOutput = true };
        // Other users of the machine can read arguments, and the connection string has a password.
        start.Environment["ConnectionStrings__bench"] = database;
        start.Environment["ConnectionStrings__kafka"] = kafka;
        var child = new PipelineChild(kind, Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started."));
        await child.ReadAsync(StartTimeout, cancellationToken);
        return child;
    }

    public async Task<PipelineRound> RunAsync(string command, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(command.AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        return JsonSerializer.Deserialize<PipelineRound>(await ReadAsync(AnswerTimeout, cancellationToken), JsonSerializerOptions.Web)!;
    }

    /// <summary>Ends the process by the end of its input, and kills it if it does not stop.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(StopTimeout);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private async Task<string> ReadAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        try
        {
            return await _process.StandardOutput.ReadLineAsync(timeout.Token)
                ?? throw new BenchmarkFailedException($"pipeline {_kind} failed; its error is above");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"pipeline {_kind} gave no result within {limit.TotalMinutes:0} minutes");
        }
    }
}

/// <summary>The benchmark has no valid result; the message says why.</summary>
internal sealed class BenchmarkFailedException(string message) : Exception(message);
