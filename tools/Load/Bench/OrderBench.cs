using ForgeShop.Benchmarks;
using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.Load.Chaos;
using Npgsql;
using Spectre.Console;

namespace ForgeShop.Load.Bench;

/// <param name="Wolverine">Whether to measure Wolverine's pipelines, too.</param>
/// <param name="StoredOrders">The number of orders to load before the rounds are repeated; 0 for none.</param>
/// <param name="Containers">Whether the servers run in containers; otherwise they run natively.</param>
internal sealed record OrderBenchOptions(bool Wolverine, int StoredOrders, bool Containers)
{
    public string Servers => Containers ? "containers" : "native";
}

/// <summary>
/// <c>./forge bench orders</c>: measures an isolated shop and the baselines of its servers. The scenarios run in turn in several rounds, so
/// that all of them see the same state of the machine. Each is compared with its baseline of the same round.
/// </summary>
internal sealed class OrderBench(IAnsiConsole console, OrderBenchOptions options)
{
    private const int Customers = 16, Rounds = 3, Stock = 1_000_000;
    // The services, the pipelines and the clients of the baselines share the server.
    private const string Connections = "max_connections=300";
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20), Duration = TimeSpan.FromSeconds(4), Idle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CompareTimeout = TimeSpan.FromMinutes(1);
    private static readonly string[] Skus = [.. Enumerable.Range(1, 10).Select(number => $"BENCH-{number}")];

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly RunStatistics _statistics = new();

    /// <exception cref="BenchmarkFailedException">A response was unexpected, or the stores do not reconcile.</exception>
    public async Task<OrderBenchReport> RunAsync(CancellationToken cancellationToken)
    {
        console.WriteLine("starting an isolated shop");
        Environment.SetEnvironmentVariable("Servers", options.Servers); // The AppHost reads it.
        await using var host = await IsolatedAppHost.StartAsync([StatementCounter.ServerSetting, Connections], cancellationToken);
        var (server, kafka) =
            (await host.ConnectionStringAsync("postgres", cancellationToken), await host.ConnectionStringAsync("kafka", cancellationToken));
        await using var administration = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server) { Database = "postgres" });
        var statements = new StatementCounter(administration);
        await statements.InstallAsync(cancellationToken);
        var (memory, idleStatements) = await MeasureIdleAsync(host, statements, cancellationToken);

        using var http = new HttpClient { BaseAddress = host.Gateway, Timeout = TimeSpan.FromSeconds(15) };
        // The baseline does not depend on the services' settings: statements are not prepared, and a returned connection is reset.
        await using var baseline = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(await host.ConnectionStringAsync("orders-db", cancellationToken))
        {
            MaxAutoPrepare = 0, NoResetOnClose = false,
        });
        await using var backlog = await Backlog.OpenAsync(host, _time, cancellationToken);
        await using var pipelines = await PipelineBench.StartAsync(
            server, kafka, options.Wolverine, statements, Customers, cancellationToken);
        List<Customer> customers = [.. Enumerable.Range(1, Customers).Select(
            number => new Customer(http, _statistics, $"bench-{number}@example.com", "Correct-Horse-Battery-1", _time))];
        await PrepareAsync(host, http, customers, cancellationToken);
        var scenarios = new OrderScenarios(http, customers, Skus, new ForgeIds(), baseline);
        await scenarios.PrepareAsync(cancellationToken);

        var processors = await ProcessorClock.OfAsync(
            host, options.Containers ? host.Services : [.. host.Killable, "postgres"], cancellationToken);
        var rounds = new OrderRounds(scenarios, backlog, pipelines, statements, processors, _time);
        console.WriteLine("warming up");
        await rounds.WarmUpAsync(WarmUp, cancellationToken);
        for (var round = 1; round <= Rounds; round++)
        {
            console.WriteLine($"measuring, round {round} of {Rounds}");
            await rounds.RunAsync(Duration, cancellationToken);
        }

        await ReconcileAsync(host, scenarios, cancellationToken);
        var stored = options.StoredOrders > 0
            ? await RunWithStoredOrdersAsync(host, scenarios, backlog, statements, processors, rounds.Results, cancellationToken)
            : null;
        customers.ForEach(customer => customer.Dispose());
        return new(
            Machine.Describe(), _time.GetUtcNow(), options.Servers, Customers,
            scenarios.Accepted.Count,
            _statistics.Resent, rounds.Results, rounds.Pipelines, rounds.MessageRates, rounds.Statements, rounds.ProcessorTimes,
            idleStatements, memory, stored,
            [.. scenarios.All.Select(scenario => (scenario.Name, scenario.Title)), (OrderRounds.Confirmed, "orders confirmed")]);
    }

    /// <summary>Reads the memory of every service and counts the statements a second of an idle shop.</summary>
    private async Task<(IReadOnlyList<ServiceMemory> Memory, double StatementsPerSecond)> MeasureIdleAsync(
        IsolatedAppHost host, StatementCounter statements, CancellationToken cancellationToken)
    {
        console.WriteLine($"idle for {Idle.TotalSeconds:0} s");
        var before = await statements.ReadAsync(cancellationToken);
        await Task.Delay(Idle, _time, cancellationToken);
        var executed = (await statements.SinceAsync(before, cancellationToken)).Sum(count => count.Statements);
        var memory = new List<ServiceMemory>();
        foreach (var service in host.Services)
            memory.Add(await ServiceMemory.ReadAsync(service, await host.ProcessIdAsync(service, cancellationToken), cancellationToken));
        return (memory, executed / Idle.TotalSeconds);
    }

    private async Task PrepareAsync(
        IsolatedAppHost host, HttpClient http, IReadOnlyList<Customer> customers, CancellationToken cancellationToken)
    {
        using var administrator = new Customer(http, _statistics, host.AdminEmail, host.AdminPassword, _time);
        foreach (var sku in Skus)
            await administrator.PutProductAsync(sku, $"Article {sku}", new Money(9.99m, "EUR"), Stock, cancellationToken);
        foreach (var customer in customers)
            await customer.RegisterAsync("Bench Customer", cancellationToken);
    }

    /// <summary>Repeats the shop's rounds with many orders in the databases.</summary>
    private async Task<StoredOrdersResult> RunWithStoredOrdersAsync(
        IsolatedAppHost host, OrderScenarios scenarios, Backlog backlog, StatementCounter statements, ProcessorClock processors,
        IReadOnlyList<Measurement> empty, CancellationToken cancellationToken)
    {
        console.WriteLine($"loading {options.StoredOrders} orders");
        var (started, first) = (_time.GetTimestamp(), scenarios.Accepted.Count);
        using (var http = new HttpClient { BaseAddress = host.Gateway })
        using (var administrator = new ShopClient(http, new ShopLogin(host.AdminEmail, host.AdminPassword)))
            await new StoredOrders(host, administrator, scenarios.Ids, _time)
                .LoadAsync([.. scenarios.Accepted.Take(Customers)], options.StoredOrders, console.WriteLine, cancellationToken);
        var seconds = _time.GetElapsedTime(started).TotalSeconds;
        var rounds = new OrderRounds(scenarios, backlog, pipelines: null, statements, processors, _time);
        console.WriteLine("warming up with stored orders");
        await rounds.WarmUpAsync(WarmUp, cancellationToken);
        for (var round = 1; round <= Rounds; round++)
        {
            console.WriteLine($"measuring with stored orders, round {round} of {Rounds}");
            await rounds.RunAsync(Duration, cancellationToken);
        }

        ThrowIfUnexpected();
        var placed = scenarios.Accepted.Skip(first).ToList();
        if (await backlog.CountConfirmedAsync(placed, cancellationToken) is var confirmed && confirmed != placed.Count)
            throw new BenchmarkFailedException($"with stored orders, {confirmed} of {placed.Count} orders are confirmed");
        return StoredOrdersResult.Of(options.StoredOrders, seconds, rounds.Results, empty);
    }

    private void ThrowIfUnexpected()
    {
        var unexpected = _statistics.UnexpectedResponses;
        if (!unexpected.IsEmpty)
            throw new BenchmarkFailedException($"{unexpected.Count} responses were unexpected, the first: {unexpected.First()}");
    }

    private async Task ReconcileAsync(IsolatedAppHost host, OrderScenarios scenarios, CancellationToken cancellationToken)
    {
        ThrowIfUnexpected();
        console.WriteLine("reconciling the stores");
        await using var reconciliation = await StoreReconciliation.OpenAsync(host, cancellationToken);
        var findings = await reconciliation.CompareAsync(
            [.. scenarios.Accepted], Skus.ToDictionary(sku => sku, _ => Stock), CompareTimeout, cancellationToken);
        if (findings.FirstOrDefault(finding => !finding.Agrees) is { } mismatch)
            throw new BenchmarkFailedException(
                $"the stores do not reconcile: {mismatch.What}: expected {mismatch.Expected}, found {mismatch.Found}");
    }
}
