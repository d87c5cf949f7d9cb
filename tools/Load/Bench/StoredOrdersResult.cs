namespace ForgeShop.Load.Bench;

/// <summary>The rounds with many orders in the databases.</summary>
/// <param name="Orders">The number of loaded orders.</param>
/// <param name="LoadSeconds">The duration of the load.</param>
/// <param name="Results">The median round of each scenario.</param>
/// <param name="AgainstEmpty">The throughput of each scenario in shares of that before the load, both measured by their baselines.</param>
internal sealed record StoredOrdersResult(
    int Orders, double LoadSeconds, IReadOnlyList<Measurement> Results, IReadOnlyDictionary<string, double> AgainstEmpty)
{
    public static StoredOrdersResult Of(int orders, double seconds, IReadOnlyList<Measurement> results, IReadOnlyList<Measurement> empty)
    {
        var before = empty.Where(result => result.TimesBaseline is not null)
            .ToDictionary(result => result.Scenario, result => result.TimesBaseline!.Value);
        return new(
            orders, seconds, results,
            results.Where(result => result.TimesBaseline is not null)
                .ToDictionary(result => result.Scenario, result => before[result.Scenario] / result.TimesBaseline!.Value));
    }
}
