namespace ForgeShop.Messaging;

/// <summary>Names for whoever collects telemetry; ServiceDefaults adds <c>ForgeShop.*</c>.</summary>
public static class MessagingTelemetry
{
    public const string ActivitySourceName = "ForgeShop.Messaging";
    public const string MeterName = "ForgeShop.Messaging";

    /// <summary>The baggage item that carries the correlation ID between services.</summary>
    public const string CorrelationBaggage = "correlation";
}
