using System.Collections.Concurrent;
using System.Diagnostics;
using ForgeShop.TestSupport;
using Npgsql;

namespace ForgeShop.Messaging.Contract.Tests;

/// <summary>
/// A service that consumes order.events, as a process of its own: it is known by its consumer group and by what is in its database. In any
/// language; the database has the table inbox of shared/Messaging.
/// </summary>
public abstract class ServiceUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = Eventually.DefaultTimeout;

    private readonly ConcurrentQueue<string> _log = [];
    private Process? _process;

    /// <summary>Gets the service's name, which is its consumer group.</summary>
    public abstract string Name { get; }

    /// <summary>Gets why the service cannot run here; null if it can.</summary>
    public virtual string? Missing => null;

    /// <summary>Gets the connection string of the service's database.</summary>
    protected string Database { get; private set; } = "";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Returns what the database has of an order of which these types of events were handled once, in this order.</summary>
    public abstract string StateOf(params IReadOnlyList<string> types);

    /// <summary>Returns what the database has of an order, in the form of <see cref="StateOf"/>.</summary>
    public abstract Task<string> StateAsync(TestOrder order);

    public async Task PrepareAsync(PostgresServer postgres)
    {
        Database = await postgres.CreateDatabaseAsync(Name, Cancelled);
        await InstallAsync();
    }

    public void Start(KafkaServer kafka)
    {
        var start = Command(kafka);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Stops the service as an orchestrator does, by SIGTERM, and returns when it has ended.</summary>
    public async Task StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process!.Id}"]);
        await EndedAsync();
    }

    /// <summary>Kills the service: SIGKILL.</summary>
    public Task KillAsync()
    {
        _process!.Kill();
        return EndedAsync();
    }

    /// <summary>Throws with the service's log if its process has ended.</summary>
    public void ShouldRun() => _process!.HasExited.ShouldBeFalse($"{Name} ended:\n{Log()}");

    /// <summary>Returns the last lines that the service printed.</summary>
    public string Log() => string.Join('\n', _log.TakeLast(60));

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_process is { HasExited: false })
            await KillAsync();
    }

    /// <summary>Prepares the start: the schema of the database, the build.</summary>
    protected abstract Task InstallAsync();

    protected abstract ProcessStartInfo Command(KafkaServer kafka);

    /// <summary>Returns one value of the service's database.</summary>
    protected async Task<T> ScalarAsync<T>(string sql, params object[] parameters)
    {
        await using var connection = new NpgsqlConnection(Database);
        await connection.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.AddWithValue(parameter);
        return (T)(await command.ExecuteScalarAsync(Cancelled))!;
    }

    /// <summary>Returns how many of the order's events are in the inbox.</summary>
    protected Task<long> InboxAsync(TestOrder order) =>
        ScalarAsync<long>("SELECT count(*) FROM inbox WHERE event_id = ANY($1)", order.EventIds);

    private async Task EndedAsync()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        timeout.CancelAfter(StopTimeout);
        await _process!.WaitForExitAsync(timeout.Token);
        _process.Dispose();
        _process = null;
    }
}
