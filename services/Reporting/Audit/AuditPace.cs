using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>
/// Leaves the machine to the customers: a sweep runs at full speed while Reporting receives few events, and slowly while it receives many.
/// </summary>
internal sealed class AuditPace(EventLog log, IOptions<AuditOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);

    private (long At, long Received) _last = (time.GetTimestamp(), log.Received);
    private bool _isBusy;

    /// <summary>Pauses if the shop is busy.</summary>
    /// <param name="entries">The number of entries that were read since the last pause.</param>
    /// <param name="cancellationToken">Ends the pause.</param>
    public Task PauseAsync(long entries, CancellationToken cancellationToken)
    {
        var elapsed = time.GetElapsedTime(_last.At);
        if (elapsed > Window)
        {
            _isBusy = (log.Received - _last.Received) / elapsed.TotalSeconds > options.Value.BusyEventsPerSecond;
            _last = (time.GetTimestamp(), log.Received);
        }
        return _isBusy
            ? Task.Delay(TimeSpan.FromSeconds((double)entries / options.Value.BusyEntriesPerSecond), time, cancellationToken)
            : Task.CompletedTask;
    }
}
