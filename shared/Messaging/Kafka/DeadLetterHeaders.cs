using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Messaging.Kafka;

/// <summary>
/// The headers of a dead letter, besides those of the message that it is, and of the copy that an operator publishes to its old topic again:
/// <c>./forge dlq</c> knows them by the same names.
/// </summary>
internal static class DeadLetterHeaders
{
    public const string Prefix = "dlq_";

    public const string Topic = "dlq_topic";
    public const string Partition = "dlq_partition";
    public const string Offset = "dlq_offset";

    /// <summary>The consumer group that gave it up.</summary>
    public const string Group = "dlq_group";

    public const string Time = "dlq_time";
    public const string Attempts = "dlq_attempts";

    /// <summary>One of <see cref="CauseOf"/>.</summary>
    public const string Cause = "dlq_cause";

    /// <summary>Only there if the message was too large for a dead letter: how many bytes its value had, which is left out.</summary>
    public const string OmittedBytes = "dlq_omitted_bytes";

    public const string ErrorType = "dlq_error_type";
    public const string Error = "dlq_error";

    /// <summary>
    /// On a copy in the old topic: the group named by <see cref="Group"/> is to go on behind the event of this aggregate with this sequence,
    /// although that one, or one before it, was never handled. To everybody else such a copy says nothing, and to nobody is it the event:
    /// of a large one it has no value.
    /// </summary>
    public const string GiveUpTo = "dlq_give_up_to";

    public static string CauseOf(Exception error) => error switch
    {
        UnreadableMessageException or UnknownEventVersionException => "unreadable",
        MissingEventException => "missing",
        ParkingFullException => "no-room",
        _ => "failed",
    };

    /// <summary>Whether it is an operator's word to a group and not the event that it looks like, see <see cref="GiveUpTo"/>.</summary>
    public static bool IsWord(Message<byte[]?, byte[]?> message) => Text(message, GiveUpTo) is not null;

    /// <summary>Up to which event this group is told to give up, if it is.</summary>
    public static long? GivesUp(Message<byte[]?, byte[]?> message, string group) =>
        Text(message, Group) == group && long.TryParse(Text(message, GiveUpTo), NumberStyles.None, CultureInfo.InvariantCulture, out var upTo) ? upTo : null;

    private static string? Text(Message<byte[]?, byte[]?> message, string name) =>
        message.Headers is not null && message.Headers.TryGetLastBytes(name, out var bytes) && bytes is not null ? Encoding.UTF8.GetString(bytes) : null;
}
