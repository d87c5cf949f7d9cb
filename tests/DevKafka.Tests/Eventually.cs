namespace ForgeShop.DevKafka.Tests;

/// <summary>Waits for conditions.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Repeats an action until its result fulfils a condition.</summary>
    public static async Task<T> GetAsync<T>(Func<T> get, Func<T, bool> isExpected, string expected)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var value = get();
            if (isExpected(value))
                return value;
            if (clock.Elapsed > Limit)
                throw new TimeoutException($"Expected within {Limit}: {expected}; the last value was {value}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public static Task IsTrueAsync(Func<bool> condition, string expected) => GetAsync(condition, value => value, expected);
}
