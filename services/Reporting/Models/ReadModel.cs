namespace ForgeShop.Reporting.Models;

/// <summary>A document of a read model.</summary>
public abstract record ReadModel
{
    /// <summary>
    /// The offset of the last event that was applied to this document, for each partition. Events of a partition are applied in the order of
    /// their offsets, so an event at or below it is already in the document.
    /// </summary>
    public IReadOnlyDictionary<string, long> Positions { get; init; } = new Dictionary<string, long>();

    public bool Includes(string partition, long offset) => Positions.TryGetValue(partition, out var applied) && applied >= offset;
}
