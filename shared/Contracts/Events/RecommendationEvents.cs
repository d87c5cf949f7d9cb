namespace ForgeShop.Contracts.Events;

/// <summary>
/// The products that are bought together with a product have changed. Recommendations, a service on Node.js, publishes it under the ID of
/// the product; <paramref name="Products"/> is the new list, the most frequent first.
/// </summary>
public sealed record RecommendationsChanged(
    ProductId ProductId, string Sku, IReadOnlyList<RecommendedProduct> Products, DateTimeOffset ChangedAt) : IEventData
{
    public static string Type => "recommendations.recommendations-changed";
    public static string Topic => Topics.RecommendationEvents;
}

/// <param name="Orders">The number of confirmed orders that contain both products.</param>
public sealed record RecommendedProduct(ProductId ProductId, string Sku, long Orders);
