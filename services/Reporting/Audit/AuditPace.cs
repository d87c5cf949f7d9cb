using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>
/// Leaves the machine to the customers: a sweep runs at full speed while Reporting receives few events, and slowly while it receives many.
/// </summary>
internal sealed class AuditPace(EventLog log, IOptions<AuditOptions> options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);

    // Collections that are read at the same time share the rate.
    private readonly SemaphoreSlim _turn = new(1);
    private (long At, long Received) _last = (time.GetTimestamp(), log.Received);
    private bool _isBusy;

    /// <summary>Pauses if the shop is busy; <paramref name="entries"/> were read since the last pause.</summary>
    public async Task PauseAsync(long entries, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var elapsed = time.GetElapsedTime(_last.At);
            if (elapsed > Window)
            {
                _isBusy = (log.Received - _last.Received) / elapsed.TotalSeconds > options.Value.BusyEventsPerSecond;
                _last = (time.GetTimestamp(), log.Received);
            }
            if (_isBusy)
                await Task.Delay(TimeSpan.FromSeconds((double)entries / options.Value.BusyEntriesPerSecond), time, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
