namespace ForgeShop.Payments.Provider;

/// <summary>A line in the books of <see cref="SimulatedProvider"/>.</summary>
public sealed class SimulatedCharge
{
    public const string Captured = "captured";
    public const string Declined = "declined";
    public const string Refunded = "refunded";

    /// <summary>Refunded before anything was captured: never to be captured.</summary>
    public const string Voided = "voided";

    public required Guid PaymentId { get; init; }

    public required string State { get; set; }

    public required decimal Amount { get; set; }

    public required string Currency { get; init; }

    /// <summary>How often money was really taken. More than once would be a defect, and is what the tests look at.</summary>
    public required int Captures { get; set; }

    public required DateTimeOffset ChangedAt { get; set; }
}
