namespace ForgeShop.Payments;

/// <summary>A row in the ledger of <see cref="SimulatedProvider"/>.</summary>
public sealed class SimulatedCharge
{
    public const string Captured = "captured";
    public const string Declined = "declined";
    public const string Refunded = "refunded";

    /// <summary>Refunded before the capture: it is never captured.</summary>
    public const string Voided = "voided";

    public required Guid PaymentId { get; init; }

    public required string State { get; set; }

    public required decimal Amount { get; set; }

    public required string Currency { get; init; }

    /// <summary>The number of captures. The tests check that it is at most one.</summary>
    public required int Captures { get; set; }

    public required DateTimeOffset ChangedAt { get; set; }
}
