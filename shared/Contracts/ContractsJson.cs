using System.Text.Json.Serialization.Metadata;
using ForgeShop.Contracts.Audit;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Contracts;

/// <summary>The JSON form of events and documents: camelCase, typed IDs as text, money as decimal strings.</summary>
public static class ContractsJson
{
    /// <summary>
    /// Gets the shared read-only options. Required constructor parameters must be present and not null. Unknown members are ignored, so an
    /// additive change of an event does not break its consumers. Contracts are source-generated; documents of the services use reflection.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            NumberHandling = JsonNumberHandling.Strict,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            Converters = { new UtcConverter() },
            TypeInfoResolver = JsonTypeInfoResolver.Combine(JsonContext.Default, new DefaultJsonTypeInfoResolver()),
        };
        options.MakeReadOnly();
        return options;
    }
}

/// <summary>Reads an <see cref="Instant"/> in UTC. PostgreSQL's timestamptz columns accept UTC only.</summary>
internal sealed class UtcConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Instant.TryParse(reader.GetString(), out var instant)
            ? instant
            : throw new ValueException("An instant has the form 2026-11-21T08:00:00Z.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(UserRegistered))]
[JsonSerializable(typeof(UserProfileChanged))]
[JsonSerializable(typeof(UserDeactivated))]
[JsonSerializable(typeof(ProductChanged))]
[JsonSerializable(typeof(ReserveStock))]
[JsonSerializable(typeof(ReleaseStock))]
[JsonSerializable(typeof(StockReserved))]
[JsonSerializable(typeof(ReservationFailed))]
[JsonSerializable(typeof(StockReleased))]
[JsonSerializable(typeof(ChargePayment))]
[JsonSerializable(typeof(RefundPayment))]
[JsonSerializable(typeof(PaymentCharged))]
[JsonSerializable(typeof(PaymentDeclined))]
[JsonSerializable(typeof(PaymentRefunded))]
[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderConfirmed))]
[JsonSerializable(typeof(OrderCancelled))]
[JsonSerializable(typeof(NotificationSent))]
[JsonSerializable(typeof(RecommendationsChanged))]
[JsonSerializable(typeof(Money))]
[JsonSerializable(typeof(AuditCatalogue))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(AuditLookup))]
[JsonSerializable(typeof(AuditRepair))]
[JsonSerializable(typeof(AuditRepaired))]
public sealed partial class JsonContext : JsonSerializerContext;
