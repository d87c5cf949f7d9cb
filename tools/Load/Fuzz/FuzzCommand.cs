using ForgeShop.Fuzz;
using Spectre.Console;

namespace ForgeShop.Load.Fuzz;

/// <summary><c>./forge fuzz</c>: sends odd requests to an isolated shop and prints those that it does not answer as it should.</summary>
internal sealed class FuzzCommand(IAnsiConsole console, TimeSpan duration, int seed)
{
    /// <returns>Whether every answer was right and no process ended.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        console.MarkupLineInterpolated($"starting an isolated shop; seed {seed}");
        await using var host = await IsolatedAppHost.StartAsync([], cancellationToken);
        using var http = new HttpClient { BaseAddress = host.Gateway, Timeout = TimeSpan.FromSeconds(40) };
        using var customer = new Customer(http, new RunStatistics(), "fuzz@example.com", Guid.NewGuid().ToString(), TimeProvider.System);
        using var administrator = new Customer(http, new RunStatistics(), host.AdminEmail, host.AdminPassword, TimeProvider.System);
        await customer.RegisterAsync("Fuzz Customer", cancellationToken);
        var before = await ProcessesAsync(host, cancellationToken);

        console.MarkupLineInterpolated($"odd requests for {duration.TotalMinutes:0.#} minutes");
        var run = new FuzzRun(new FuzzedShop(http, customer.TokenAsync, administrator.TokenAsync), seed, TimeProvider.System);
        var failures = await run.RunAsync(int.MaxValue, duration, cancellationToken);
        foreach (var failure in failures)
            console.WriteLine($"{failure}");
        var ended = before.Except(await ProcessesAsync(host, cancellationToken)).ToList();
        foreach (var (service, process) in ended)
            console.WriteLine($"the process {process} of {service} ended");
        var isClean = failures.Count == 0 && ended.Count == 0;
        var verdict = isClean ? "clean" : "NOT clean";
        console.WriteLine($"{verdict}: {run.Sent} requests, {failures.Count} kinds of failure, {ended.Count} processes ended; seed {seed}");
        return isClean;
    }

    private static async Task<List<(string Service, int Process)>> ProcessesAsync(IsolatedAppHost host, CancellationToken cancellationToken)
    {
        await host.WaitUntilHealthyAsync(cancellationToken);
        var processes = new List<(string, int)>();
        foreach (var service in host.Services)
            processes.Add((service, await host.ProcessIdAsync(service, cancellationToken)));
        return processes;
    }
}
