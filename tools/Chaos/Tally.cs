using System.Collections.Concurrent;

namespace ForgeShop.Chaos;

/// <summary>What has happened so far, counted by many at once.</summary>
internal sealed class Tally
{
    private int _placed, _refused, _resent, _kills, _recovering;
    private long _worstTicks;

    /// <summary>Orders that the shop answered with 202: for these it has to stand.</summary>
    public int Placed => _placed;

    /// <summary>Requests that were sent again because no answer came, or one that says "later".</summary>
    public int Resent => _resent;

    public int Kills => _kills;

    /// <summary>Victims that are not back yet.</summary>
    public int Recovering => _recovering;

    public TimeSpan WorstRecovery => TimeSpan.FromTicks(Interlocked.Read(ref _worstTicks));

    public string WorstVictim { get; private set; } = "";

    public ConcurrentDictionary<string, int> KillsOf { get; } = new();

    /// <summary>Answers that a client must never get, whatever dies.</summary>
    public ConcurrentQueue<string> Surprises { get; } = new();

    public int Refused => _refused;

    public void OrderPlaced() => Interlocked.Increment(ref _placed);

    public void RequestResent() => Interlocked.Increment(ref _resent);

    public void Surprise(string what)
    {
        Interlocked.Increment(ref _refused);
        Surprises.Enqueue(what);
    }

    public void Killed(string victim)
    {
        Interlocked.Increment(ref _kills);
        Interlocked.Increment(ref _recovering);
        KillsOf.AddOrUpdate(victim, 1, (_, count) => count + 1);
    }

    public void Recovered(string victim, TimeSpan after)
    {
        Interlocked.Decrement(ref _recovering);
        lock (KillsOf)
        {
            if (after <= WorstRecovery)
                return;
            Interlocked.Exchange(ref _worstTicks, after.Ticks);
            WorstVictim = victim;
        }
    }
}
