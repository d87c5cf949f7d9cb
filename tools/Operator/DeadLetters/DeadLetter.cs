using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace ForgeShop.Operator.DeadLetters;

/// <summary>A message that a consumer group gave up: as it was, and why. The header names are those of shared/Messaging.</summary>
public sealed partial record DeadLetter(TopicPartitionOffset Position, Message<byte[]?, byte[]?> Message)
{
    public const string HeaderPrefix = "dlq_";
    public const string GroupHeader = "dlq_group";
    public const string GiveUpToHeader = "dlq_give_up_to";

    /// <summary>On a note in the dead-letter topic: the position of the letter that an operator dealt with, as <c>partition:offset</c>.</summary>
    public const string SettlesHeader = "dlq_settles";

    public string Group => Text(GroupHeader) ?? "?";

    /// <summary>The event's ID, and of a message that is none its place in its topic, as <c>partition:offset</c>. What an operator names it by.</summary>
    public string Id => Text("ce_id") ?? $"{Text("dlq_partition")}:{Text("dlq_offset")}";

    public bool IsEvent => Text("ce_id") is not null;

    public string Type => Text("ce_type") ?? "(no type)";

    public string Subject => Text("ce_subject") ?? "?";

    public long? Sequence => long.TryParse(Text("ce_sequence"), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : null;

    /// <summary><c>failed</c>, <c>unreadable</c>, <c>missing</c> (an event before it never came) or <c>no-room</c> (too much waits before it).</summary>
    public string Cause => Text("dlq_cause") ?? "failed";

    public string Time => Text("dlq_time") is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time)
        ? time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : "?";

    /// <summary>Not the whole message: it was too large for a dead letter.</summary>
    public bool IsShortened => Text("dlq_omitted_bytes") is not null;

    /// <summary>Too much of its aggregate waits before it. To go on without it would be to go on without all of that.</summary>
    public bool FoundNoRoom => Cause == "no-room";

    public string Attempts => Text("dlq_attempts") ?? "?";

    /// <summary>What the group said, in one line, and without whatever looks like an e-mail address.</summary>
    public string Error => Address().Replace($"{Text("dlq_error_type")}: {Text("dlq_error")}".ReplaceLineEndings(" "), "(address)");

    public string Place => $"{Position.Partition.Value}:{Position.Offset.Value}";

    /// <summary>Letters of the same message and group: the last of them tells.</summary>
    public (string Id, string Group) Identity => (Id, Group);

    /// <summary>The message as it was before it became a dead letter.</summary>
    public Message<byte[]?, byte[]?> Original()
    {
        var headers = new Headers();
        foreach (var header in Message.Headers.Where(header => !header.Key.StartsWith(HeaderPrefix, StringComparison.Ordinal)))
            headers.Add(header.Key, header.GetValueBytes());
        return new() { Key = Message.Key, Value = Message.Value, Headers = headers };
    }

    /// <summary>The same, with the word to the group that it may go on without the event, or without what is missing before it. Nobody handles it as the event.</summary>
    public Message<byte[]?, byte[]?> Skipping()
    {
        var message = Original();
        message.Headers.Add(GroupHeader, Encoding.UTF8.GetBytes(Group));
        message.Headers.Add(GiveUpToHeader, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(Cause == "missing" ? Sequence - 1 : Sequence)}")));
        return message;
    }

    /// <summary>What it is, in a few words.</summary>
    public string Name => IsEvent ? $"{Type} {Sequence}, event {Id}" : $"no event, message {Id}";

    public override string ToString() =>
        $"{Time}  {Name} of {Subject}  group {Group}  {Cause} after {Attempts} attempts{(IsShortened ? $", too large to be kept here ({Text("dlq_omitted_bytes")} bytes)" : "")}{Environment.NewLine}    {Error}";

    private string? Text(string name) => Text(Message, name);

    internal static string? Text(Message<byte[]?, byte[]?> message, string name) =>
        message.Headers is not null && message.Headers.TryGetLastBytes(name, out var value) && value is not null ? Encoding.UTF8.GetString(value) : null;

    [GeneratedRegex(@"[^\s@""'<>(){}]+@[^\s@""'<>(){}]+")]
    private static partial Regex Address();
}
