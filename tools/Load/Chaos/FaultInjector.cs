namespace ForgeShop.Load.Chaos;

/// <summary>Kills a random service, the cache or the broker every few seconds. At most two of them are down at the same time.</summary>
internal sealed class FaultInjector(IsolatedAppHost shop, RunStatistics statistics, Random random)
{
    private const double MinDelaySeconds = 3, MaxDelaySeconds = 8;
    private const int MaxDown = 2;
    private static readonly TimeSpan RecoveryTimeout = TimeSpan.FromMinutes(3);

    private readonly HashSet<string> _down = [];

    /// <summary>Runs until <paramref name="ending"/>, then waits until every killed resource is healthy.</summary>
    /// <exception cref="TimeoutException">A resource did not recover.</exception>
    public async Task RunAsync(CancellationToken ending, CancellationToken cancellationToken)
    {
        var recoveries = new List<Task>();
        while (!ending.IsCancellationRequested)
        {
            if (Running() is { } candidates)
                recoveries.Add(KillAsync(candidates[random.Next(candidates.Count)], cancellationToken));
            var delay = TimeSpan.FromSeconds(MinDelaySeconds + (random.NextDouble() * (MaxDelaySeconds - MinDelaySeconds)));
            await Task.Delay(delay, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        await Task.WhenAll(recoveries);
    }

    private async Task KillAsync(string resource, CancellationToken cancellationToken)
    {
        lock (_down)
            _down.Add(resource);
        statistics.Killed(resource);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(RecoveryTimeout);
        try
        {
            statistics.Recovered(resource, await shop.KillAsync(resource, timeout.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{resource} was killed and is not healthy again after {RecoveryTimeout.TotalMinutes:0} minutes");
        }

        lock (_down)
            _down.Remove(resource);
    }

    /// <summary>Returns the running resources; null while the maximum number is down.</summary>
    private List<string>? Running()
    {
        lock (_down)
            return _down.Count < MaxDown ? [.. shop.Killable.Where(resource => !_down.Contains(resource))] : null;
    }
}
