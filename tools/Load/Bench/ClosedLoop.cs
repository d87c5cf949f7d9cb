namespace ForgeShop.Load.Bench;

/// <summary>
/// Clients that each wait for an answer before they ask again: the load adapts to what the shop can do, and what is measured is that and
/// not the length of a queue.
/// </summary>
internal static class ClosedLoop
{
    public static async Task<Measured> RunAsync(Way way, TimeSpan duration, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var each = await Task.WhenAll(Enumerable.Range(0, way.Clients).Select(client => Task.Run(
            async () =>
            {
                var took = new List<double>();
                while (time.GetElapsedTime(started) < duration)
                {
                    var before = time.GetTimestamp();
                    await way.Once(client, cancellationToken);
                    took.Add(time.GetElapsedTime(before).TotalMilliseconds);
                }

                return took;
            },
            cancellationToken)));
        var elapsed = time.GetElapsedTime(started);
        double[] sorted = [.. each.SelectMany(took => took).Order()];
        return new(way.Name, sorted.Length / elapsed.TotalSeconds, Percentile(sorted, 0.5), Percentile(sorted, 0.95), Percentile(sorted, 0.99), way.Baseline, null);
    }

    /// <summary>The nearest rank.</summary>
    private static double Percentile(double[] sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
}
