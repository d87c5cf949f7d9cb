namespace ForgeShop.Load.Bench;

/// <summary>Runs the rounds and keeps their results.</summary>
internal sealed class OrderRounds(
    OrderScenarios scenarios, Backlog backlog, PipelineBench? pipelines, StatementCounter statements, ProcessorClock processors,
    TimeProvider time)
{
    public const string Confirmed = "orders-confirmed";
    private const int MaxWarmUpWindows = 15;
    private static readonly TimeSpan WarmUpWindow = TimeSpan.FromSeconds(10);

    private readonly List<Measurement> _measurements = [];
    private readonly List<PipelineMeasurement> _pipelines = [];
    private readonly List<MessageRate> _messageRates = [];
    private readonly List<StatementCount> _statements = [];
    private readonly List<ProcessorTime> _processorTimes = [];
    private int _countedOrders;

    /// <summary>Gets the median round of each scenario, selected by its ratio to the baseline.</summary>
    public IReadOnlyList<Measurement> Results => Medians(_measurements, one => one.Scenario, one => one.TimesBaseline ?? one.PerSecond);

    public IReadOnlyList<PipelineMeasurement> Pipelines => Medians(_pipelines, one => one.Pipeline, one => one.TimesBaseline);

    public IReadOnlyList<MessageRate> MessageRates => Medians(_messageRates, one => one.BatchSize, one => one.PerSecond);

    /// <summary>Gets the statements an order of each database, from the first request of the clients until the backlog is empty.</summary>
    public IReadOnlyList<StatementCount> Statements =>
        [.. _statements.GroupBy(count => count.Database).Select(counts => counts.Aggregate((a, b) => a + b).DividedBy(_countedOrders))
            .OrderByDescending(count => count.Statements)];

    /// <summary>Gets the processor time an order of each process; empty where it cannot be read.</summary>
    public IReadOnlyList<ProcessorTime> ProcessorTimes =>
        [.. _processorTimes.GroupBy(time => time.Resource)
            .Select(times => new ProcessorTime(times.Key, times.Sum(one => one.Milliseconds) / _countedOrders))
            .OrderByDescending(time => time.Milliseconds)];

    /// <summary>
    /// Runs all scenarios once, and new orders until they are not placed any faster: the runtime compiles the services' hot code anew for
    /// minutes.
    /// </summary>
    public async Task WarmUpAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        await RunScenariosAsync(duration, cancellationToken);
        var place = scenarios.All.Single(scenario => scenario.Name == OrderScenarios.Place);
        await ClosedLoop.WarmUpAsync(
            async () => (await ClosedLoop.RunAsync(place, WarmUpWindow, time, cancellationToken)).PerSecond, attempts: 2, MaxWarmUpWindows);
        await backlog.CheckedOutAsync(cancellationToken);
        await backlog.DrainedAsync(cancellationToken);
        _countedOrders = 0;
        _statements.Clear();
        _processorTimes.Clear();
        if (pipelines is not null)
            await pipelines.WarmUpAsync(cancellationToken);
    }

    public async Task RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        var round = await RunScenariosAsync(duration, cancellationToken);
        _measurements.AddRange(round);
        if (pipelines is null)
            return;
        // Measured again, because the machine's speed may have changed.
        var row = scenarios.All.Single(scenario => scenario.Name == OrderScenarios.Row);
        var baseline = await ClosedLoop.RunAsync(row, duration / 2, time, cancellationToken);
        _pipelines.AddRange(await pipelines.RoundAsync(baseline.PerSecond, cancellationToken));
        _messageRates.AddRange(await pipelines.BatchRoundAsync(cancellationToken));
    }

    private async Task<List<Measurement>> RunScenariosAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        var round = new List<Measurement>();
        foreach (var scenario in scenarios.All)
        {
            var (executed, processed) = (await statements.ReadAsync(cancellationToken), processors.Read());
            var (orders, started) = (scenarios.Accepted.Count, time.GetTimestamp());
            Add(await ClosedLoop.RunAsync(scenario, duration, time, cancellationToken));
            if (scenario.Name is not OrderScenarios.Place)
                continue;
            await backlog.CheckedOutAsync(cancellationToken);
            orders = scenarios.Accepted.Count - orders;
            Add(new(Confirmed, orders / time.GetElapsedTime(started).TotalSeconds, null, null, null, OrderScenarios.Row, null));
            await backlog.DrainedAsync(cancellationToken);
            _statements.AddRange((await statements.SinceAsync(executed, cancellationToken)).Where(IsOfShop));
            _processorTimes.AddRange(processors.Since(processed));
            _countedOrders += orders;
        }

        return round;

        void Add(Measurement one) =>
            round.Add(one with { TimesBaseline = round.Find(other => other.Scenario == one.Baseline)?.PerSecond / one.PerSecond });
    }

    private static bool IsOfShop(StatementCount count) =>
        count.Statements > 0 && count.Database != "postgres" && !count.Database.StartsWith("bench_", StringComparison.Ordinal);

    private static IReadOnlyList<T> Medians<T, TKey>(IEnumerable<T> measurements, Func<T, TKey> key, Func<T, double> value) =>
        [.. measurements.GroupBy(key).Select(rounds => rounds.OrderBy(value).ElementAt((rounds.Count() - 1) / 2))];
}
