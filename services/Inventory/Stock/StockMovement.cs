using ForgeShop.Contracts;

namespace ForgeShop.Inventory;

/// <summary>A movement of stock that an administrator made, under the Idempotency-Key of its request.</summary>
public sealed class StockMovement(ProductId productId, UserId userId, string reference, int change, string reason, DateTimeOffset movedAt)
{
    public ProductId ProductId { get; private set; } = productId;

    /// <summary>The caller. Two callers may use the same key.</summary>
    public UserId UserId { get; private set; } = userId;

    /// <summary>The client's Idempotency-Key.</summary>
    public string Reference { get; private set; } = reference;

    /// <summary>Pieces that were added, or taken out if negative.</summary>
    public int Change { get; private set; } = change;

    public string Reason { get; private set; } = reason;

    public DateTimeOffset MovedAt { get; private set; } = movedAt;

    public bool IsSame(StockMovement other) => Change == other.Change && Reason == other.Reason;
}
