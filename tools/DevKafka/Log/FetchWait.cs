namespace ForgeShop.DevKafka.Log;

/// <summary>A Fetch request that waits until its partitions have received a number of bytes.</summary>
internal sealed class FetchWait(long missingBytes)
{
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _missingBytes = missingBytes;

    /// <summary>Counts appended bytes; completes the wait when enough have arrived.</summary>
    public void Add(int appendedBytes)
    {
        if (Interlocked.Add(ref _missingBytes, -appendedBytes) <= 0)
            Complete();
    }

    /// <summary>Completes the wait: the partition has changed, and the request has to look at it again.</summary>
    public void Complete() => _completion.TrySetResult(true);

    /// <summary>Returns true when there is something to read, false after the time-out.</summary>
    public async Task<bool> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken stopping)
    {
        await using var timer = time.CreateTimer(_ => _completion.TrySetResult(false), null, timeout, Timeout.InfiniteTimeSpan);
        await using var registration = stopping.Register(() => _completion.TrySetCanceled(stopping));
        return await _completion.Task;
    }
}
