using System.Collections.Concurrent;

namespace ForgeShop.Load;

/// <summary>Counts the events of a run. Safe for concurrent use.</summary>
internal sealed class RunStatistics
{
    private readonly Lock _worst = new();
    private int _placed, _resent, _kills, _recovering;

    /// <summary>Gets the number of orders that the gateway accepted with 202.</summary>
    public int Placed => _placed;

    /// <summary>Gets the number of requests that were sent again after a time-out, a lost connection or a retryable status.</summary>
    public int Resent => _resent;

    public int Kills => _kills;

    /// <summary>Gets the number of killed resources that are not healthy again.</summary>
    public int Recovering => _recovering;

    /// <summary>Gets the longest recovery. Read it after the last recovery only.</summary>
    public (string Resource, TimeSpan After) WorstRecovery { get; private set; } = ("", TimeSpan.Zero);

    public ConcurrentDictionary<string, int> KillsOf { get; } = new();

    /// <summary>Gets the responses that are unexpected in any failure.</summary>
    public ConcurrentQueue<string> UnexpectedResponses { get; } = new();

    public void OrderPlaced() => Interlocked.Increment(ref _placed);

    public void RequestResent() => Interlocked.Increment(ref _resent);

    public void UnexpectedResponse(string description) => UnexpectedResponses.Enqueue(description);

    public void Killed(string resource)
    {
        Interlocked.Increment(ref _kills);
        Interlocked.Increment(ref _recovering);
        KillsOf.AddOrUpdate(resource, 1, (_, count) => count + 1);
    }

    public void Recovered(string resource, TimeSpan after)
    {
        Interlocked.Decrement(ref _recovering);
        lock (_worst)
        {
            if (after > WorstRecovery.After)
                WorstRecovery = (resource, after);
        }
    }
}
