namespace ForgeShop.Contracts;

/// <summary>The names under which a correlation ID travels with a trace.</summary>
public static class CorrelationNames
{
    /// <summary>The key in the W3C baggage.</summary>
    public const string Baggage = "correlation";

    public const string SpanAttribute = "forgeshop.correlation_id";
}
