using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Load.Audit;
using Spectre.Console;

namespace ForgeShop.Load.Chaos;

/// <summary>
/// <c>./forge chaos</c>: places orders while processes are killed, waits until all orders are final, reconciles the stores, and audits
/// them. With <c>--audit</c>, sweeps of the audit run during the load instead of kills, and must find nothing.
/// </summary>
internal sealed class ChaosRun(IAnsiConsole console, TimeSpan duration, double ordersPerSecond, int seed, bool audit)
{
    private const int Customers = 20;
    // A payment whose provider never answers takes longest.
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromMinutes(5);
    // The read models are the last to agree, and a document store may be slow.
    private static readonly TimeSpan CompareTimeout = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan AuditTimeout = TimeSpan.FromMinutes(5);
    private const int FindingsShown = 20;
    // The initial stock: five products never run out, the others do.
    private static readonly Dictionary<string, int> Stock =
        Enumerable.Range(1, 10).ToDictionary(number => $"CHAOS-{number}", number => number <= 5 ? 1_000_000 : 40 * number);

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly RunStatistics _statistics = new();
    private readonly ForgeIds _ids = new();

    /// <returns>Whether every order is confirmed or cancelled and all stores agree.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        console.MarkupLineInterpolated($"starting an isolated shop; seed {seed}");
        await using var shop = await IsolatedAppHost.StartAsync([], cancellationToken);
        using var http = new HttpClient { BaseAddress = shop.Gateway, Timeout = TimeSpan.FromSeconds(15) };
        var customers = Enumerable.Range(1, Customers)
            .Select(number => new Customer(http, _statistics, $"chaos-{number}@example.com", "Correct-Horse-Battery-1", _time)).ToList();
        using var administrator = new Customer(http, _statistics, shop.AdminEmail, shop.AdminPassword, _time);
        await PrepareAsync(administrator, customers, cancellationToken);

        var watcher = new TopicWatcher(await shop.ConnectionStringAsync("kafka", cancellationToken), Topics.All);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watched = watcher.RunAsync(watching.Token);
        var load = new OrderLoad(customers, [.. Stock.Keys], _ids, _statistics, new Random(seed), _time);
        await using var reconciliation = await StoreReconciliation.OpenAsync(shop, cancellationToken);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(duration);
        console.MarkupLineInterpolated($"{ordersPerSecond} orders a second for {duration.TotalMinutes:0.#} minutes");
        using var auditor = new ShopClient(http, new ShopLogin(shop.AdminEmail, shop.AdminPassword));
        if (!audit)
            console.MarkupLineInterpolated($"a kill every few seconds: {string.Join(", ", shop.Killable)}");
        var alarms = new List<AuditReport>();
        var work = Task.WhenAll(
            load.RunAsync(ordersPerSecond, ending.Token, cancellationToken),
            audit
                ? SweepAsync(auditor, alarms, ending.Token, cancellationToken)
                : new FaultInjector(shop, _statistics, new Random(seed + 1)).RunAsync(ending.Token, cancellationToken));
        await ProgressAsync(audit ? "auditing" : "breaking", work, reconciliation, watcher, cancellationToken);

        var settled = reconciliation.SettledAsync(load.Accepted.Count, SettleTimeout, cancellationToken);
        await ProgressAsync("settling", settled, reconciliation, watcher, cancellationToken);
        var comparing = reconciliation.CompareAsync([.. load.Accepted], Stock, CompareTimeout, cancellationToken);
        await ProgressAsync("comparing", comparing, reconciliation, watcher, cancellationToken);
        await watching.CancelAsync();
        await watched;

        var last = ShopAudit.SweepAsync(auditor, AuditTimeout, _time, cancellationToken);
        await ProgressAsync("auditing", last, reconciliation, watcher, cancellationToken);
        IReadOnlyList<Finding> findings =
        [
            .. await comparing, new("findings of the audit", 0, (await last).Wrong),
            new("false alarms of the audit under load", 0, alarms.Sum(report => report.Wrong)),
        ];
        foreach (var wrong in alarms.Append(await last).SelectMany(report => report.Findings).Take(FindingsShown))
            console.WriteLine("audit: " + wrong);
        customers.ForEach(customer => customer.Dispose());
        return new ChaosReport(console, _statistics, watcher).Print(await settled, findings);
    }

    /// <summary>Runs one sweep after another until the load ends.</summary>
    private async Task SweepAsync(
        ShopClient auditor, List<AuditReport> reports, CancellationToken ending, CancellationToken cancellationToken)
    {
        while (!ending.IsCancellationRequested)
        {
            reports.Add(await ShopAudit.SweepAsync(auditor, AuditTimeout, _time, cancellationToken));
            console.WriteLine(
                $"sweep {reports.Count}: {reports[^1].Checked} entries in {reports[^1].Duration.TotalSeconds:0.0} s, "
                + $"{reports[^1].Wrong} wrong");
        }
    }

    private static async Task PrepareAsync(
        Customer administrator, IReadOnlyList<Customer> customers, CancellationToken cancellationToken)
    {
        foreach (var (number, (sku, stock)) in Stock.Index())
        {
            await administrator.PutProductAsync(
                sku, $"Chaos article {number + 1}", new Money(number + 1.99m, "EUR"), stock, cancellationToken);
        }

        foreach (var customer in customers)
            await customer.RegisterAsync("Chaos Customer", cancellationToken);
    }

    /// <summary>Prints one line a second until <paramref name="work"/> is done.</summary>
    private async Task ProgressAsync(
        string phase, Task work, StoreReconciliation reconciliation, TopicWatcher watcher, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        using var beat = new PeriodicTimer(TimeSpan.FromSeconds(1), _time);
        while (!work.IsCompleted)
        {
            await Task.WhenAny(work, beat.WaitForNextTickAsync(cancellationToken).AsTask());
            cancellationToken.ThrowIfCancellationRequested();
            await reconciliation.CountFinalAsync(cancellationToken);
            console.WriteLine(
                $"{phase} {_time.GetElapsedTime(started):m\\:ss}  orders {_statistics.Placed,5}  final {reconciliation.Final,5}  "
                + $"kills {_statistics.Kills,3}  down {_statistics.Recovering,2}  retried {_statistics.Resent,4}  "
                + $"events {watcher.Events,6}  copies {watcher.Duplicates,6}");
        }

        await work;
    }
}
