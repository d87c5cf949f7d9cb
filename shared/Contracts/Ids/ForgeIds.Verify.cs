using ForgeShop.Forge;

namespace ForgeShop.Contracts;

/// <summary>
/// The check of stored and received IDs. Each returns false and reports the mismatch (<see cref="IdTracking"/>) if the ID is not the one of
/// the natural key; a key that is refused has no ID. A match costs one derivation and allocates nothing.
/// </summary>
public sealed partial class ForgeIds
{
    public bool Verify(UserId stored, string email) => Verify(_users, stored.Value, email);

    public bool Verify(ProductId stored, string sku) => Verify(_products, stored.Value, sku);

    public bool Verify(OrderId stored, UserId user, string reference) =>
        Verify(_orders, stored.Value, ("user", user.Value), ("reference", reference));

    public bool Verify(ReservationId stored, OrderId order) => Verify(_reservations, stored.Value, order.Value);

    public bool Verify(SagaId stored, OrderId order) => Verify(_sagas, stored.Value, order.Value);

    public bool Verify(PaymentId stored, OrderId order, int attempt) =>
        Verify(_payments, stored.Value, ("order", order.Value), ("attempt", attempt));

    public bool Verify(EventId stored, Guid aggregate, string type, long sequence) =>
        Verify(_events, stored.Value, ("aggregate", aggregate), ("type", type), ("sequence", sequence));

    private bool Verify(CountedNamespace type, Guid stored, string key)
    {
        var hasId = type.TryDerive(key, out var derived, out _);
        return (hasId && derived == stored) || Mismatch(type, stored, derived, hasId ? type.Ids.GetName(key) : null);
    }

    private bool Verify(CountedNamespace type, Guid stored, Guid key) =>
        type.Derive(key) is var derived && (derived == stored || Mismatch(type, stored, derived, Uuid.ToText(key)));

    private bool Verify(CountedNamespace type, Guid stored, params ReadOnlySpan<(string Field, KeyValue Value)> key)
    {
        var hasId = type.TryDerive(key, out var derived, out _);
        return (hasId && derived == stored) || Mismatch(type, stored, derived, hasId ? type.Ids.GetName(key) : null);
    }

    private bool Mismatch(CountedNamespace type, Guid stored, Guid derived, string? name)
    {
        type.CountMismatch();
        _tracking?.Report(type.EntityType, stored, derived, name);
        return false;
    }
}
