using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.Load.Audit;
using Npgsql;
using Spectre.Console;

namespace ForgeShop.Load.Bench;

/// <summary>
/// <c>./forge bench audit</c>: measures a sweep over a consistent shop, the memory of the auditor, and the order throughput while sweeps
/// run, as a ratio to the throughput without them. The rounds alternate, so that both see the same state of the machine.
/// </summary>
/// <param name="console">Receives the progress and the table.</param>
/// <param name="orders">The number of orders to place before the first sweep.</param>
/// <param name="storedOrders">The number of orders to load after the rounds, for one more sweep; 0 for none.</param>
internal sealed class AuditBench(IAnsiConsole console, int orders, int storedOrders)
{
    private const int Customers = 16, Rounds = 3, Stock = 1_000_000, MaxWarmUpSweeps = 30;
    private const string Auditor = "reporting";
    private static readonly TimeSpan Batch = TimeSpan.FromSeconds(5), Duration = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(30), Sample = TimeSpan.FromSeconds(1);
    private static readonly string[] Skus = [.. Enumerable.Range(1, 10).Select(number => $"BENCH-{number}")];

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly RunStatistics _statistics = new();

    /// <exception cref="BenchmarkFailedException">A sweep found the shop inconsistent.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        console.WriteLine("starting an isolated shop");
        await using var host = await IsolatedAppHost.StartAsync(["max_connections=300"], cancellationToken);
        using var http = new HttpClient { BaseAddress = host.Gateway, Timeout = TimeSpan.FromSeconds(15) };
        using var administrator = new ShopClient(http, new ShopLogin(host.AdminEmail, host.AdminPassword));
        await using var database = NpgsqlDataSource.Create(await host.ConnectionStringAsync("orders-db", cancellationToken));
        await using var backlog = await Backlog.OpenAsync(host, _time, cancellationToken);
        var customers = await PrepareAsync(administrator, http, cancellationToken);
        var scenarios = new OrderScenarios(http, customers, Skus, new ForgeIds(), database);
        await scenarios.PrepareAsync(cancellationToken);
        var place = scenarios.All.Single(scenario => scenario.Name == OrderScenarios.Place);

        while (scenarios.Accepted.Count < orders)
        {
            await ClosedLoop.RunAsync(place, Batch, _time, cancellationToken);
            await backlog.CheckedOutAsync(cancellationToken);
            await backlog.DrainedAsync(cancellationToken);
            console.WriteLine($"{scenarios.Accepted.Count} of {orders} orders");
        }

        Task<AuditReport> SweepAsync(CancellationToken token) => ShopAudit.SweepAsync(administrator, Timeout, _time, token);
        var small = await SweepInMemoryAsync(host, SweepAsync, cancellationToken);
        var processors = await ProcessorClock.OfAsync(host, host.Services.Append("postgres"), cancellationToken);
        console.WriteLine("warming up");
        await ClosedLoop.WarmUpAsync(
            async () =>
            {
                var sweep = await SweepAsync(cancellationToken);
                ThrowIfWrong(sweep);
                return sweep.Checked / sweep.Duration.TotalSeconds;
            }, attempts: 5, MaxWarmUpSweeps);
        var (rates, costs, without, with) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = 1; round <= Rounds; round++)
        {
            console.WriteLine($"measuring, round {round} of {Rounds}");
            var before = processors.Read();
            var sweep = await SweepAsync(cancellationToken);
            ThrowIfWrong(sweep);
            var used = processors.Since(before).Select(one => (one.Resource, Cost: 1000 * one.Milliseconds / sweep.Checked)).ToList();
            console.WriteLine($"µs an entry: {string.Join(", ", used.Select(one => $"{one.Resource} {one.Cost:0.0}"))}");
            costs.Add(used.Sum(one => one.Cost));
            rates.Add(sweep.Checked / sweep.Duration.TotalSeconds / Environment.ProcessorCount);
            without.Add((await ClosedLoop.RunAsync(place, Duration, _time, cancellationToken)).PerSecond);
            await backlog.DrainedAsync(cancellationToken);
            with.Add(await MeasureWithSweepsAsync(place, SweepAsync, cancellationToken));
            await backlog.DrainedAsync(cancellationToken);
        }

        var large = await SweepInMemoryAsync(host, SweepAsync, cancellationToken);
        Print(scenarios.Accepted.Count, Median(rates), Median(costs), Median(with) / Median(without), [small, large]);
        if (storedOrders > 0)
        {
            console.WriteLine($"loading {storedOrders:N0} orders");
            await new StoredOrders(host, administrator, scenarios.Ids, _time)
                .LoadAsync([.. scenarios.Accepted.Take(Customers)], storedOrders, console.WriteLine, cancellationToken);
            console.WriteLine("auditing them");
            var (report, peak) = await SweepInMemoryAsync(host, SweepAsync, cancellationToken);
            console.WriteLine($"{report.Checked:N0} entries agree, after {report.Duration:g}; peak memory of the auditor: {peak:0} MiB");
        }
        customers.ForEach(customer => customer.Dispose());
        return true;
    }

    /// <param name="Report">What the sweep checked and found.</param>
    /// <param name="Peak">The most memory of the auditor while it ran, read once a second, in MiB; null without <c>/proc</c>.</param>
    private sealed record Sweep(AuditReport Report, double? Peak);

    private async Task<Sweep> SweepInMemoryAsync(
        IsolatedAppHost host, Func<CancellationToken, Task<AuditReport>> sweep, CancellationToken cancellationToken)
    {
        var processId = await host.ProcessIdAsync(Auditor, cancellationToken);
        var (sweeping, peak) = (sweep(cancellationToken), (double?)null);
        do
        {
            var now = (await ServiceMemory.ReadAsync(Auditor, processId, cancellationToken)).Proportional;
            peak = peak > now ? peak : now;
        }
        while (await Task.WhenAny(sweeping, Task.Delay(Sample, _time, cancellationToken)) != sweeping);
        var report = await sweeping;
        ThrowIfWrong(report);
        return new(report, peak);
    }

    private async Task<double> MeasureWithSweepsAsync(
        BenchmarkScenario place, Func<CancellationToken, Task<AuditReport>> sweep, CancellationToken cancellationToken)
    {
        var orders = ClosedLoop.RunAsync(place, Duration, _time, cancellationToken);
        while (!orders.IsCompleted)
            ThrowIfWrong(await sweep(cancellationToken));
        return (await orders).PerSecond;
    }

    private async Task<List<Customer>> PrepareAsync(ShopClient administrator, HttpClient http, CancellationToken cancellationToken)
    {
        foreach (var sku in Skus)
            await administrator.PutProductAsync(sku, $"Article {sku}", new Money(9.99m, "EUR"), Stock, cancellationToken);
        List<Customer> customers = [.. Enumerable.Range(1, Customers).Select(
            number => new Customer(http, _statistics, $"bench-{number}@example.com", "Correct-Horse-Battery-1", _time))];
        foreach (var customer in customers)
            await customer.RegisterAsync("Bench Customer", cancellationToken);
        return customers;
    }

    private void Print(int placed, double perCore, double cost, double ratio, IEnumerable<Sweep> sweeps)
    {
        var table = new Table().RoundedBorder().Title($"Audit of {placed:N0} orders on {Environment.ProcessorCount} cores")
            .AddColumns("figure", "measured", "target");
        table.AddRow("entries checked a second a core", $"{perCore:N0}", "20,000");
        table.AddRow("processor time of all services an entry", $"{cost:0} µs", "50 µs");
        table.AddRow("order throughput under sweeps, x without", $"{ratio:0.00}", "0.90");
        foreach (var (report, peak) in sweeps)
            table.AddRow($"peak memory of the auditor, {report.Checked:N0} entries in {report.Duration:g}", $"{peak:0} MiB", "constant");
        console.Write(table);
    }

    private static void ThrowIfWrong(AuditReport report)
    {
        if (report.Wrong > 0)
            throw new BenchmarkFailedException($"the audit found {report.Wrong} differences, the first: {report.Findings.First()}");
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
