namespace ForgeShop.Messaging;

internal static class Backoff
{
    /// <summary>Exponential from <paramref name="first"/>, capped, with a quarter of jitter either way, so that those who failed together do not return together.</summary>
    /// <param name="failures">How often it failed so far, from 1.</param>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest)
    {
        var doublings = Math.Clamp(failures - 1, 0, 20);
        var pause = Math.Min(first.TotalMilliseconds * Math.Pow(2, doublings), longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(pause * (0.75 + (Random.Shared.NextDouble() / 2)));
    }
}
