using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Contracts;

/// <summary>How events and documents are written as JSON, everywhere: camelCase, typed IDs as text, money as decimal strings.</summary>
public static class ContractsJson
{
    /// <summary>
    /// Read-only. What a record's constructor requires must be there and not null where it may not be; unknown members are ignored, so that an
    /// additive change of an event breaks nobody. Contracts are source-generated; documents of the services are found by reflection.
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

/// <summary>Reads any time as the same instant in UTC, without an offset as UTC: a database column of instants takes nothing else.</summary>
internal sealed class UtcConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var time = reader.GetDateTimeOffset();
        return reader.GetDateTime() is { Kind: DateTimeKind.Unspecified } utc ? new(utc, TimeSpan.Zero) : time.ToUniversalTime();
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value);
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
[JsonSerializable(typeof(Money))]
public sealed partial class JsonContext : JsonSerializerContext;
