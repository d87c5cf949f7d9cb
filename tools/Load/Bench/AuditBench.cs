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
internal sealed class AuditBench(IAnsiConsole console, int orders)
{
    private const int Customers = 16, Rounds = 3, Stock = 1_000_000;
    private const string Auditor = "reporting";
    private static readonly TimeSpan Batch = TimeSpan.FromSeconds(5), Duration = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(30);
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
        ThrowIfWrong(await SweepAsync(cancellationToken));
        var before = await MemoryAsync(host, cancellationToken);
        var (rates, without, with) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 1; round <= Rounds; round++)
        {
            console.WriteLine($"measuring, round {round} of {Rounds}");
            var sweep = await SweepAsync(cancellationToken);
            ThrowIfWrong(sweep);
            rates.Add(sweep.Checked / sweep.Duration.TotalSeconds / Environment.ProcessorCount);
            without.Add((await ClosedLoop.RunAsync(place, Duration, _time, cancellationToken)).PerSecond);
            await backlog.DrainedAsync(cancellationToken);
            with.Add(await MeasureWithSweepsAsync(place, SweepAsync, cancellationToken));
            await backlog.DrainedAsync(cancellationToken);
        }

        Print(scenarios.Accepted.Count, Median(rates), Median(with) / Median(without), before, await MemoryAsync(host, cancellationToken));
        customers.ForEach(customer => customer.Dispose());
        return true;
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

    private static async Task<ServiceMemory> MemoryAsync(IsolatedAppHost host, CancellationToken cancellationToken) =>
        await ServiceMemory.ReadAsync(Auditor, await host.ProcessIdAsync(Auditor, cancellationToken), cancellationToken);

    private void Print(int placed, double perCore, double ratio, ServiceMemory before, ServiceMemory after)
    {
        var table = new Table().RoundedBorder().Title($"Audit of {placed:N0} orders on {Environment.ProcessorCount} cores")
            .AddColumns("figure", "measured", "target");
        table.AddRow("entries checked a second a core", $"{perCore:N0}", "20,000");
        table.AddRow("order throughput under sweeps, x without", $"{ratio:0.00}", "0.90");
        table.AddRow(
            "memory of the auditor (PSS), before and after", $"{before.Proportional:0} MiB, {after.Proportional:0} MiB", "constant");
        console.Write(table);
    }

    private static void ThrowIfWrong(AuditReport report)
    {
        if (report.Wrong > 0)
            throw new BenchmarkFailedException($"the audit found {report.Wrong} differences, the first: {report.Findings.First()}");
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
