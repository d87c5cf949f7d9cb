
namespace ForgeShop.TestSupport;

/// <summary>Waits for a condition. After a time-out the exception carries the last value or error.</summary>
public static class Eventually
{
    /// <summary>The time-out of a wait: long, because it ends only what would never end, also on a busy machine.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Polls <paramref name="probe"/> until <paramref name="condition"/> holds for its result, and returns that result.</summary>
    /// <exception cref="TimeoutException">The condition did not hold in time; the message carries the last value or error.</exception>
    public static async Task<T> Get<T>(
        string what, Func<CancellationToken, Task<T>> probe, Func<T, bool> condition, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout ?? DefaultTimeout);
        var started = TimeProvider.System.GetTimestamp();
        object? last = "nothing yet";
        var pause = TimeSpan.FromMilliseconds(20);
        TimeoutException TimedOut() =>
            new($"{what}: not within {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s; last seen: {last}");

        while (true)
        {
            try
            {
                var value = await probe(deadline.Token);
                if (condition(value))
                    return value;
                last = value;
            }
            catch (Exception error) when (!deadline.IsCancellationRequested)
            {
                last = error;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw TimedOut();
            }

            try
            {
                await Task.Delay(pause, deadline.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw TimedOut();
            }

            if (pause < TimeSpan.FromMilliseconds(250))
                pause *= 1.5;
        }
    }

    /// <summary>Waits until <paramref name="condition"/> is true.</summary>
    public static Task True(
        string what, Func<CancellationToken, Task<bool>> condition, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        Get(what, condition, held => held, timeout, cancellationToken);
}
