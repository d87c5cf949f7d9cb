using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(ForgeShop.EndToEnd.Tests.LastTests))]

namespace ForgeShop.EndToEnd.Tests;

/// <summary>
/// The order of the tests: those that search all output run after the others, and those that delete the shop's data run last.
/// </summary>
public sealed class LastTests : ITestCollectionOrderer
{
    private static readonly string[] Last = [nameof(SecretsTests), nameof(EmptyDataTests)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection =>
            Array.FindIndex(Last, last => collection.TestCollectionDisplayName.Contains(last, StringComparison.Ordinal)))];
}
