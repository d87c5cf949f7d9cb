namespace ForgeShop.Contracts;

// One type for each entity, so that an OrderId in place of a UserId does not compile. The wire form is the 36-character text, parsed
// strictly.

public static class TypedIdExtensions
{
#pragma warning disable CA1000 // The members are static members of the ID types, which are not generic.
    extension<T>(T) where T : struct, ITypedId<T>
    {
        /// <exception cref="FormatException">The text has another form. The message does not repeat it.</exception>
        public static T Parse(string text) => TypedId.Parse<T>(text);

        public static bool TryParse(string? text, out T id) => TypedId.TryParse(text, out id);
    }
#pragma warning restore CA1000
}

/// <summary>The ID of a user; its natural key is the e-mail address.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<UserId>))]
public readonly record struct UserId(Guid Value) : ITypedId<UserId>
{
    public static UserId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out UserId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The ID of a product; its natural key is the SKU.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<ProductId>))]
public readonly record struct ProductId(Guid Value) : ITypedId<ProductId>
{
    public static ProductId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out ProductId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The ID of an order; its natural key is the user and the Idempotency-Key.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<OrderId>))]
public readonly record struct OrderId(Guid Value) : ITypedId<OrderId>
{
    public static OrderId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out OrderId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The ID of a line of an order; its natural key is the order and the product.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<OrderLineId>))]
public readonly record struct OrderLineId(Guid Value) : ITypedId<OrderLineId>
{
    public static OrderLineId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out OrderLineId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The ID of the stock reserved for an order; one per order.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<ReservationId>))]
public readonly record struct ReservationId(Guid Value) : ITypedId<ReservationId>
{
    public static ReservationId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out ReservationId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The ID of the checkout of an order; one per order.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<SagaId>))]
public readonly record struct SagaId(Guid Value) : ITypedId<SagaId>
{
    public static SagaId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out SagaId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The ID of an attempt to charge an order.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<PaymentId>))]
public readonly record struct PaymentId(Guid Value) : ITypedId<PaymentId>
{
    public static PaymentId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out PaymentId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The ID of an event; its natural key is the aggregate, the type and the sequence.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<EventId>))]
public readonly record struct EventId(Guid Value) : ITypedId<EventId>
{
    public static EventId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out EventId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The ID of a notification; its natural key is the user, the kind and the reference.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<NotificationId>))]
public readonly record struct NotificationId(Guid Value) : ITypedId<NotificationId>
{
    public static NotificationId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out NotificationId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The correlation ID: all effects of one request share it, across services.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<CorrelationId>))]
public readonly record struct CorrelationId(Guid Value) : ITypedId<CorrelationId>
{
    public static CorrelationId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out CorrelationId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The ID of a file, by its content.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<FileId>))]
public readonly record struct FileId(Guid Value) : ITypedId<FileId>
{
    public static FileId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out FileId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}

/// <summary>The ID of one login of a user.</summary>
[JsonConverter(typeof(TypedIdJsonConverter<SessionId>))]
public readonly record struct SessionId(Guid Value) : ITypedId<SessionId>
{
    public static SessionId From(Guid value) => new(value);
    public static bool TryParse(string? s, IFormatProvider? provider, out SessionId result) => TypedId.TryParse(s, out result);
    public override string ToString() => Uuid.ToText(Value);
}
