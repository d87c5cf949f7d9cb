namespace Aspire.Hosting.Orchestration;

/// <summary>How long to wait before a resource that died is started again, and when to give up.</summary>
internal sealed class Backoff(TimeProvider time)
{
    private const int MostFailures = 12;
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(30);

    private int failures;
    private long? healthySince;

    public void Healthy() => healthySince ??= time.GetTimestamp();

    /// <summary>The pause after one more failure; null after too many in a row. Who was healthy for a while starts anew.</summary>
    public TimeSpan? Next()
    {
        if (healthySince is { } since && time.GetElapsedTime(since) >= Stable)
            failures = 0;
        healthySince = null;
        failures++;
        if (failures > MostFailures)
            return null;
        var pause = Shortest * Math.Pow(2, failures - 1);
        return pause < Longest ? pause : Longest;
    }
}
