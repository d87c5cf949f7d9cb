using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(ForgeShop.EndToEnd.Tests.LastTests))]

namespace ForgeShop.EndToEnd.Tests;

/// <summary>
/// What searches everything that was written runs when it has been written, and what deletes the shop's data runs at the end.
/// </summary>
public sealed class LastTests : ITestCollectionOrderer
{
    private static readonly string[] Last = [nameof(SecretsTests), nameof(EmptyDataTests)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection =>
            Array.FindIndex(Last, last => collection.TestCollectionDisplayName.Contains(last, StringComparison.Ordinal)))];
}
