using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(ForgeShop.EndToEnd.Tests.SecretsLast))]

namespace ForgeShop.EndToEnd.Tests;

/// <summary>What searches everything that was written runs when it has been written.</summary>
public sealed class SecretsLast : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => collection.TestCollectionDisplayName.Contains(nameof(SecretsTests), StringComparison.Ordinal))];
}
