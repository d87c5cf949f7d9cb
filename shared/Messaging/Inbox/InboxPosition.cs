namespace ForgeShop.Messaging;

/// <summary>
/// The last message of a partition up to which everything is handled: a row of the table inbox_position. It lies beside the effects and
/// not only in Kafka, and names the message and not just its number: so a broker that lost its log and a database that was restored are
/// both noticed.
/// </summary>
public sealed class InboxPosition
{
    public required string Topic { get; init; }
    public required int Partition { get; init; }
    public required long Offset { get; set; }

    /// <summary>The event's ID; of a message without one, a hash.</summary>
    public required Guid Identity { get; set; }
}
