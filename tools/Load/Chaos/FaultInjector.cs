namespace ForgeShop.Load.Chaos;

/// <summary>Kills somebody every few seconds, also while another is not back yet; with more than that down at once there would be no shop to break.</summary>
internal sealed class FaultInjector(IsolatedAppHost shop, RunStatistics statistics, Random random)
{
    private const double MinPause = 3, MaxPause = 8; // seconds
    private const int MaxDown = 2;
    private static readonly TimeSpan RecoveryTimeout = TimeSpan.FromMinutes(3);

    private readonly HashSet<string> _down = [];

    /// <summary>Goes on until <paramref name="ending"/>, and then waits for everybody to be back.</summary>
    /// <exception cref="TimeoutException">Somebody did not come back.</exception>
    public async Task RunAsync(CancellationToken ending, CancellationToken cancellationToken)
    {
        var recoveries = new List<Task>();
        while (!ending.IsCancellationRequested)
        {
            if (Running() is { } victims)
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
        statistics.Killed(victim);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(RecoveryTimeout);
        try
        {
            statistics.Recovered(victim, await shop.KillAsync(victim, timeout.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{victim} was killed and is not healthy again after {RecoveryTimeout.TotalMinutes:0} minutes");
        }

        lock (_down)
            _down.Remove(victim);
    }

    /// <summary>Who may be killed; null while too many are down already.</summary>
    private List<string>? Running()
    {
        lock (_down)
            return _down.Count < MaxDown ? [.. shop.Killable.Where(victim => !_down.Contains(victim))] : null;
    }
}
