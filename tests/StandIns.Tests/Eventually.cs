namespace ForgeShop.StandIns.Tests;

/// <summary>Bounded waiting for a condition, with the last state in the complaint.</summary>
public static class Eventually
{
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(20);

    public static Task<T> EventuallyAsync<T>(Func<T> look, Func<T, bool> isRight) => EventuallyAsync(() => Task.FromResult(look()), isRight);

    public static async Task<T> EventuallyAsync<T>(Func<Task<T>> look, Func<T, bool> isRight)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var state = await look();
            if (isRight(state))
                return state;
            if (clock.Elapsed > Limit)
                throw new TimeoutException($"still {state} after {Limit.TotalSeconds} s");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
