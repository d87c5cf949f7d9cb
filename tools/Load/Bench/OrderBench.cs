using System.Diagnostics;
using ForgeShop.Benchmarks;
using ForgeShop.Contracts;
using ForgeShop.Load.Chaos;
using Npgsql;
using Spectre.Console;

namespace ForgeShop.Load.Bench;

/// <summary>
/// <c>./forge bench orders</c>: what a shop of our own does in a second, beside what the same servers do without it. All ways are measured in
/// turn, some rounds of them, so that all meet the same machine; each is compared with its baseline of the same round.
/// </summary>
internal sealed class OrderBench(IAnsiConsole console)
{
    private const int Customers = 16, Rounds = 3;
    private const string Settle = "settle-orders";
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5), Duration = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromMinutes(5), SettlePoll = TimeSpan.FromMilliseconds(100);
    private static readonly string[] Skus = [.. Enumerable.Range(1, 10).Select(number => $"BENCH-{number}")];

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly RunStatistics _statistics = new();

    /// <returns>Null if the shop did not do what it was asked for: numbers of a broken shop are none.</returns>
    public async Task<OrderBenchReport?> RunAsync(CancellationToken cancellationToken)
    {
        console.WriteLine("starting a shop of our own");
        await using var shop = await IsolatedAppHost.StartAsync(cancellationToken);
        using var http = new HttpClient { BaseAddress = shop.Gateway, Timeout = TimeSpan.FromSeconds(15) };
        await using var database = NpgsqlDataSource.Create(await shop.ConnectionStringAsync("orders-db", cancellationToken));
        await using var reconciliation = await StoreReconciliation.OpenAsync(shop, cancellationToken);
        List<Customer> customers = [.. Enumerable.Range(1, Customers).Select(number => new Customer(http, _statistics, $"bench-{number}@example.com", "Correct-Horse-Battery-1", _time))];
        await PrepareAsync(shop, http, customers, cancellationToken);
        var ways = new OrderScenarios(http, customers, Skus, new ForgeIds(), database);
        await ways.PrepareAsync(cancellationToken);

        console.WriteLine("warming up");
        await RoundAsync(ways, database, reconciliation, WarmUp, cancellationToken);
        var measured = new List<Measured>();
        for (var round = 1; round <= Rounds; round++)
        {
            console.WriteLine($"measuring, round {round} of {Rounds}");
            measured.AddRange(await RoundAsync(ways, database, reconciliation, Duration, cancellationToken));
        }

        customers.ForEach(customer => customer.Dispose());
        foreach (var unexpected in _statistics.UnexpectedResponses.Take(10))
            console.WriteLine("unexpected: " + unexpected);
        if (!_statistics.UnexpectedResponses.IsEmpty)
            return null;

        // Of the rounds the middle one, by what the way is compared by.
        Measured[] results = [.. measured.GroupBy(one => one.BenchmarkScenario).Select(way => way.OrderBy(one => one.Ratio ?? one.PerSecond).ElementAt(Rounds / 2))];
        return new(Machine.Describe(), _time.GetUtcNow(), Customers, ways.Placed, _statistics.Resent, results, [.. ways.All.Select(way => (way.Name, way.Title)), (Settle, "orders confirmed while they are placed, and after")]);
    }

    private async Task PrepareAsync(IsolatedAppHost shop, HttpClient http, IReadOnlyList<Customer> customers, CancellationToken cancellationToken)
    {
        using var administrator = new Customer(http, _statistics, shop.AdminEmail, shop.AdminPassword, _time);
        foreach (var sku in Skus)
            await administrator.PutProductAsync(sku, new { name = $"Article {sku}", price = new { amount = "9.99", currency = "EUR" }, stock = 1_000_000 }, cancellationToken);
        foreach (var customer in customers)
            await customer.RegisterAsync("Bench Customer", cancellationToken);
    }

    private async Task<List<Measured>> RoundAsync(OrderScenarios ways, NpgsqlDataSource database, StoreReconciliation reconciliation, TimeSpan duration, CancellationToken cancellationToken)
    {
        var round = new List<Measured>();
        foreach (var way in ways.All)
        {
            var (before, started) = (ways.Placed, _time.GetTimestamp());
            var measured = await ClosedLoop.RunAsync(way, duration, _time, cancellationToken);
            round.Add(Compared(measured));
            if (way.Name is not OrderScenarios.Place)
                continue;
            await ConfirmedAsync(database, ways.Placed, cancellationToken);
            var perSecond = (ways.Placed - before) / _time.GetElapsedTime(started).TotalSeconds;
            round.Add(Compared(new(Settle, perSecond, null, null, null, OrderScenarios.Row, null)));
            // The next round begins with a shop that has nothing left to do.
            if (!await reconciliation.SettledAsync(ways.Placed, SettleTimeout, cancellationToken))
                throw new TimeoutException($"not every read model has caught up after {SettleTimeout.TotalMinutes:0} minutes");
        }

        return round;

        Measured Compared(Measured one) => one with { Ratio = one.PerSecond / round.Find(other => other.BenchmarkScenario == one.Baseline)?.PerSecond };
    }

    /// <summary>Waits until every order is confirmed; nothing else can become of them.</summary>
    private async Task ConfirmedAsync(NpgsqlDataSource database, int orders, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            await using var command = database.CreateCommand("select count(*) from orders where status = 'confirmed'");
            var confirmed = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
            if (confirmed >= orders)
                return;
            if (watch.Elapsed > SettleTimeout)
                throw new TimeoutException($"{orders - confirmed} of {orders} orders are not confirmed after {SettleTimeout.TotalMinutes:0} minutes");
            await Task.Delay(SettlePoll, _time, cancellationToken);
        }
    }
}
