namespace ForgeShop.Databases;

public static class Backoff
{
    /// <summary>Returns an exponential delay with 25 % jitter either way, so that clients do not retry together.</summary>
    /// <param name="failures">The number of failures in a row, from 1.</param>
    /// <param name="first">The delay after the first failure.</param>
    /// <param name="longest">The maximum delay before jitter.</param>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest)
    {
        var delay = Math.Min(first.TotalMilliseconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 20)), longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(delay * (0.75 + (Random.Shared.NextDouble() / 2)));
    }
}
