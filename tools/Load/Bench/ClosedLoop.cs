namespace ForgeShop.Load.Bench;

/// <summary>
/// Runs a scenario as a closed loop: each client sends its next request when it has the response to the last, so the load adapts to the
/// server.
/// </summary>
internal static class ClosedLoop
{
    public static async Task<Measurement> RunAsync(
        BenchmarkScenario scenario, TimeSpan duration, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var latencies = await Task.WhenAll(Enumerable.Range(0, scenario.Clients).Select(client => Task.Run(
            async () =>
            {
                var milliseconds = new List<double>();
                while (time.GetElapsedTime(started) < duration)
                {
                    var before = time.GetTimestamp();
                    await scenario.Operation(client, cancellationToken);
                    milliseconds.Add(time.GetElapsedTime(before).TotalMilliseconds);
                }

                return milliseconds;
            },
            cancellationToken)));
        var elapsed = time.GetElapsedTime(started);
        double[] sorted = [.. latencies.SelectMany(milliseconds => milliseconds).Order()];
        return new(
            scenario.Name, sorted.Length / elapsed.TotalSeconds, Percentile(sorted, 0.5), Percentile(sorted, 0.95),
            Percentile(sorted, 0.99),
            scenario.Baseline, null);
    }

    /// <summary>Returns the percentile by the nearest-rank method.</summary>
    private static double Percentile(double[] sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}
