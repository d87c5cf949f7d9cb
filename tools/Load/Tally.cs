using System.Collections.Concurrent;

namespace ForgeShop.Load;

/// <summary>What has happened so far, counted by many at once.</summary>
internal sealed class Tally
{
    private readonly Lock _worst = new();
    private int _placed, _resent, _kills, _recovering;

    /// <summary>Orders that the shop answered with 202: for these it has to stand.</summary>
    public int Placed => _placed;

    /// <summary>Requests that were sent again because no answer came, or one that says "later".</summary>
    public int Resent => _resent;

    public int Kills => _kills;

    /// <summary>Victims that are not back yet.</summary>
    public int Recovering => _recovering;

    /// <summary>To be read when nobody is killed any more.</summary>
    public (string Victim, TimeSpan After) WorstRecovery { get; private set; } = ("", TimeSpan.Zero);

    public ConcurrentDictionary<string, int> KillsOf { get; } = new();

    /// <summary>Answers that a client must never get, whatever dies.</summary>
    public ConcurrentQueue<string> Surprises { get; } = new();

    public void OrderPlaced() => Interlocked.Increment(ref _placed);

    public void RequestResent() => Interlocked.Increment(ref _resent);

    public void Surprise(string what) => Surprises.Enqueue(what);

    public void Killed(string victim)
    {
        Interlocked.Increment(ref _kills);
        Interlocked.Increment(ref _recovering);
        KillsOf.AddOrUpdate(victim, 1, (_, count) => count + 1);
    }

    public void Recovered(string victim, TimeSpan after)
    {
        Interlocked.Decrement(ref _recovering);
        lock (_worst)
        {
            if (after > WorstRecovery.After)
                WorstRecovery = (victim, after);
        }
    }
}
