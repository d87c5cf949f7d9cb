namespace ForgeShop.Chaos;

/// <summary>Kills somebody every few seconds, also while others are not back yet, but nobody who is not back himself.</summary>
internal sealed class Saboteur(ChaosShop shop, Tally tally, Random random)
{
    private const double MinPause = 3, MaxPause = 8; // seconds
    private static readonly TimeSpan RecoveryTimeout = TimeSpan.FromMinutes(3);

    private readonly HashSet<string> _down = [];

    /// <summary>Goes on until <paramref name="ending"/>, and then waits for everybody to be back.</summary>
    /// <exception cref="TimeoutException">Somebody did not come back.</exception>
    public async Task RunAsync(CancellationToken ending, CancellationToken cancellationToken)
    {
        var recoveries = new List<Task>();
        while (!ending.IsCancellationRequested)
        {
            var victims = shop.Victims.Where(victim => !IsDown(victim)).ToList();
            if (victims.Count > 0)
                recoveries.Add(KillAsync(victims[random.Next(victims.Count)], cancellationToken));
            await Task.Delay(TimeSpan.FromSeconds(MinPause + (random.NextDouble() * (MaxPause - MinPause))), ending).ContinueWith(_ => { }, CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
        }

        await Task.WhenAll(recoveries);
    }

    private async Task KillAsync(string victim, CancellationToken cancellationToken)
    {
        lock (_down)
            _down.Add(victim);
        tally.Killed(victim);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(RecoveryTimeout);
        try
        {
            tally.Recovered(victim, await shop.KillAsync(victim, timeout.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{victim} was killed and is not healthy again after {RecoveryTimeout.TotalMinutes:0} minutes");
        }

        lock (_down)
            _down.Remove(victim);
    }

    private bool IsDown(string victim)
    {
        lock (_down)
            return _down.Contains(victim);
    }
}
