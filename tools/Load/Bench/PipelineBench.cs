using Npgsql;

namespace ForgeShop.Load.Bench;

/// <summary>The result of one pipeline in one round.</summary>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="OrdersPerSecond">Orders of eight messages, placed by all clients.</param>
/// <param name="CpuMilliseconds">The processor time of the pipeline's process an order, without its servers.</param>
/// <param name="Statements">The SQL statements an order, without BEGIN and COMMIT.</param>
/// <param name="AloneMilliseconds">The median time of one order, placed alone.</param>
/// <param name="TimesBaseline">The time of one order in committed rows of the same round.</param>
internal sealed record PipelineMeasurement(
    string Pipeline, double OrdersPerSecond, double CpuMilliseconds, double Statements, double AloneMilliseconds, double TimesBaseline);

/// <summary>The messages a second from an outbox to the effects behind an inbox, in one round.</summary>
internal sealed record MessageRate(int BatchSize, double PerSecond);

/// <summary>
/// Pipelines without HTTP and without a shop: shared/Messaging, and Wolverine beside it, each in a process of its own on the shop's
/// servers. Every order is a chain of eight messages, and each message is a business row, an outbox row, an inbox row and an effect row.
/// </summary>
internal sealed class PipelineBench : IAsyncDisposable
{
    private const int WarmUpOrders = 300, AloneOrders = 15, WarmUpMessages = 1000;
    private const double RoundSeconds = 3;
    private const string BatchPrefix = "messaging-batch-";
    private static readonly string[] Own = ["messaging"], Wolverine = ["wolverine", "wolverine-batched"];
    private static readonly int[] BatchSizes = [1, 10, 200];

    private readonly Dictionary<string, PipelineChild> _children = [];
    private readonly Dictionary<string, int> _counts = [];
    private readonly StatementCounter _statements;
    private readonly int _clients;

    private PipelineBench(StatementCounter statements, int clients) => (_statements, _clients) = (statements, clients);

    private IEnumerable<string> Pipelines => _children.Keys.Where(kind => !kind.StartsWith(BatchPrefix, StringComparison.Ordinal));

    public static async Task<PipelineBench> StartAsync(
        string server, string kafka, bool withWolverine, StatementCounter statements, int clients, CancellationToken cancellationToken)
    {
        var bench = new PipelineBench(statements, clients);
        try
        {
            foreach (var kind in (string[])[.. withWolverine ? Wolverine : [], .. Own, .. BatchSizes.Select(size => BatchPrefix + size)])
                bench._children[kind] = await PipelineChild.StartAsync(kind, Database(server, kind), kafka, cancellationToken);
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    /// <summary>Warms up every pipeline and determines the number of orders or messages of a round.</summary>
    public async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        foreach (var kind in Pipelines)
        {
            await _children[kind].RunAsync($"orders {WarmUpOrders / 3} {_clients}", cancellationToken);
            var round = await _children[kind].RunAsync($"orders {WarmUpOrders} {_clients}", cancellationToken);
            _counts[kind] = Math.Max(WarmUpOrders, (int)(round.Count / round.Seconds * RoundSeconds));
        }

        foreach (var kind in BatchSizes.Select(size => BatchPrefix + size))
        {
            var round = await _children[kind].RunAsync($"messages {WarmUpMessages}", cancellationToken);
            _counts[kind] = Math.Max(WarmUpMessages, (int)(round.Count / round.Seconds * RoundSeconds));
        }
    }

    /// <param name="baseline">Committed rows a second in the same round.</param>
    /// <param name="cancellationToken">Cancels the round.</param>
    public async Task<IReadOnlyList<PipelineMeasurement>> RoundAsync(double baseline, CancellationToken cancellationToken)
    {
        var results = new List<PipelineMeasurement>();
        foreach (var kind in Pipelines)
        {
            var before = await _statements.ReadAsync(cancellationToken);
            var round = await _children[kind].RunAsync($"orders {_counts[kind]} {_clients}", cancellationToken);
            var executed = (await _statements.SinceAsync(before, cancellationToken)).Single(count => count.Database == DatabaseName(kind))
                .DividedBy(round.Count);
            var alone = await _children[kind].RunAsync($"alone {AloneOrders}", cancellationToken);
            var rate = round.Count / round.Seconds;
            results.Add(
                new(
                    kind, rate, round.CpuMilliseconds, executed.Statements - executed.Transactions, alone.MedianMilliseconds!.Value,
                    baseline / rate));
        }

        return results;
    }

    public async Task<IReadOnlyList<MessageRate>> BatchRoundAsync(CancellationToken cancellationToken)
    {
        var results = new List<MessageRate>();
        foreach (var size in BatchSizes)
        {
            var round = await _children[BatchPrefix + size].RunAsync($"messages {_counts[BatchPrefix + size]}", cancellationToken);
            results.Add(new(size, round.Count / round.Seconds));
        }

        return results;
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_children.Values.Select(child => child.DisposeAsync().AsTask()));

    // The same settings for every pipeline, and those of the services.
    private static string Database(string server, string kind) =>
        new NpgsqlConnectionStringBuilder(server)
        { Database = DatabaseName(kind), MaxAutoPrepare = 100, NoResetOnClose = true }.ConnectionString;

    private static string DatabaseName(string kind) => "bench_" + kind.Replace('-', '_');
}
