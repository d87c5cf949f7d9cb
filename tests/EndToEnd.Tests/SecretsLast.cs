using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(ForgeShop.EndToEnd.Tests.SecretsLast))]

namespace ForgeShop.EndToEnd.Tests;

/// <summary>Runs the search for secrets after all other tests.</summary>
public sealed class SecretsLast : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => collection.TestCollectionDisplayName.Contains(nameof(SecretsTests), StringComparison.Ordinal))];
}
