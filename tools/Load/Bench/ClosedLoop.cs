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

    /// <summary>Measures until several attempts in turn have not been faster: the runtime compiles hot code anew for minutes.</summary>
    /// <param name="measure">Returns a rate, in operations a second.</param>
    /// <param name="attempts">The number of attempts without a higher rate that ends the warm-up.</param>
    /// <param name="maxAttempts">The number of attempts that ends it in any case.</param>
    public static async Task WarmUpAsync(Func<Task<double>> measure, int attempts, int maxAttempts)
    {
        var (best, notFaster) = (0.0, 0);
        for (var attempt = 0; attempt < maxAttempts && notFaster < attempts; attempt++)
        {
            var rate = await measure();
            notFaster = rate > best ? 0 : notFaster + 1;
            best = Math.Max(best, rate);
        }
    }

    /// <summary>Returns the percentile by the nearest-rank method.</summary>
    private static double Percentile(double[] sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}
