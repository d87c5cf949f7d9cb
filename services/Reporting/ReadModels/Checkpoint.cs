using System.Text.Json.Serialization;
using ForgeShop.Forge;

namespace ForgeShop.Reporting;

/// <summary>
/// The progress of one generation of read models in one partition. It is written after the read models: all of them include every event up
/// to its offset.
/// </summary>
public sealed record Checkpoint(string Partition) : ReadModel
{
    /// <summary>The number of events of the partition that were applied.</summary>
    public long Events { get; init; }

    /// <summary>The time when the latest of them was recorded.</summary>
    public DateTimeOffset RecordedAt { get; init; }

    [JsonIgnore]
    public long Offset => Positions[Partition];

    public static Projection<Checkpoint> Projection { get; } = new(
        new("checkpoints", ReportingJson.Default.Checkpoint),
        recorded => [IdOf(recorded.Partition)],
        (_, checkpoint, recorded) => new(recorded.Partition)
        {
            Positions = checkpoint?.Positions ?? new Dictionary<string, long>(),
            Events = (checkpoint?.Events ?? 0) + 1,
            RecordedAt = recorded.RecordedAt > checkpoint?.RecordedAt || checkpoint is null ? recorded.RecordedAt : checkpoint.RecordedAt,
        });

    public static Guid IdOf(string partition) => NameBasedUuid.V5(NamespaceIds.Url, $"forgeshop:reporting:checkpoint:{partition}");
}
