using ForgeShop.Contracts;

namespace ForgeShop.Messaging;

/// <summary>An event whose effect is stored: a row of the table inbox, written in the transaction of the effect.</summary>
public sealed class InboxMessage
{
    public required EventId EventId { get; init; }
    public required string Type { get; init; }
    public required Guid Subject { get; init; }
    public required long Sequence { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }
}

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
