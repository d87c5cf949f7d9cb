namespace ForgeShop.Load.Bench;

/// <summary>Something that is done again and again, and counted.</summary>
/// <param name="Name">In the JSON.</param>
/// <param name="Title">In the table.</param>
/// <param name="Clients">So many do it at the same time, each again as soon as it is done.</param>
/// <param name="Baseline">The name of what it is compared with; null for a baseline.</param>
/// <param name="Once">Does it, as the client with this number.</param>
internal sealed record Way(string Name, string Title, int Clients, string? Baseline, Func<int, CancellationToken, Task> Once);

/// <summary>What one way did in one round.</summary>
/// <param name="Way">Its name.</param>
/// <param name="PerSecond">How often it was done in a second, by all clients together.</param>
/// <param name="MedianMilliseconds">Half of them took no longer; null where only the whole was timed.</param>
/// <param name="P95Milliseconds">95 of 100 took no longer.</param>
/// <param name="P99Milliseconds">99 of 100 took no longer.</param>
/// <param name="Baseline">What it is compared with.</param>
/// <param name="Ratio">How often it was done for each time that the baseline was, in the same round.</param>
internal sealed record Measured(string Way, double PerSecond, double? MedianMilliseconds, double? P95Milliseconds, double? P99Milliseconds, string? Baseline, double? Ratio);
