namespace ForgeShop.Load.Bench;

/// <summary>An operation that clients repeat for the duration of a round.</summary>
/// <param name="Name">The name in the JSON report.</param>
/// <param name="Title">The name in the table.</param>
/// <param name="Clients">The number of concurrent clients.</param>
/// <param name="Baseline">The name of the scenario that it is compared with; null for a baseline.</param>
/// <param name="Operation">Runs the operation once, as the client with this number.</param>
internal sealed record BenchmarkScenario(
    string Name, string Title, int Clients, string? Baseline, Func<int, CancellationToken, Task> Operation);

/// <summary>The result of one scenario in one round.</summary>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="PerSecond">Operations a second, over all clients.</param>
/// <param name="MedianMilliseconds">The median latency; null where single operations are not timed.</param>
/// <param name="P95Milliseconds">The 95th percentile.</param>
/// <param name="P99Milliseconds">The 99th percentile.</param>
/// <param name="Baseline">The name of the baseline.</param>
/// <param name="TimesBaseline">The time of one operation in operations of the baseline, in the same round: a quarter of the baseline's rate
/// is 4.</param>
internal sealed record Measurement(
    string Scenario, double PerSecond, double? MedianMilliseconds, double? P95Milliseconds, double? P99Milliseconds, string? Baseline,
    double? TimesBaseline);
