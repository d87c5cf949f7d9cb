using ForgeShop.Contracts;

namespace ForgeShop.Reporting.Customers;

/// <summary>What one order adds to its customer's sums, as of the order's event with that sequence.</summary>
public sealed record Contribution(long Sequence, Money Amount, DateTimeOffset PlacedAt);
