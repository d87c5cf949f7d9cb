using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Operator.DeadLetters;

/// <summary>An operator's settlement of a dead letter.</summary>
internal sealed record Settlement(string Action, string Time, string? Reason);

/// <summary>A message that a consumer group could not handle, with the error; see <see cref="DeadLetterHeaders"/>.</summary>
internal sealed partial record DeadLetter(TopicPartitionOffset Position, Message<byte[]?, byte[]?> Message)
{
    public Settlement? Settlement { get; init; }

    public string Group => Text(DeadLetterHeaders.Group) ?? "?";

    /// <summary>Gets the ID of the event, or the position as <c>partition:offset</c> of a message that is not an event.</summary>
    public string Id => Text("ce_id") ?? $"{Text(DeadLetterHeaders.Partition)}:{Text(DeadLetterHeaders.Offset)}";

    public string Time => FormatTime(Text(DeadLetterHeaders.Time));

    public string Place => $"{Position.Partition.Value}:{Position.Offset.Value}";

    /// <summary>Gets whether the value was too large for the dead letter.</summary>
    public bool IsOmitted => Text(DeadLetterHeaders.OmittedBytes) is not null;

    /// <summary>Gets the position of the message in its topic; null if the letter does not contain it.</summary>
    public TopicPartitionOffset? Origin =>
        Text(DeadLetterHeaders.Topic) is { } topic
            && int.TryParse(Text(DeadLetterHeaders.Partition), CultureInfo.InvariantCulture, out var partition)
            && long.TryParse(Text(DeadLetterHeaders.Offset), CultureInfo.InvariantCulture, out var offset)
            ? new(topic, partition, offset)
            : null;

    /// <summary>Describes the letter in two lines. An e-mail address in the error is masked.</summary>
    public override string ToString()
    {
        var what = Text("ce_type") is { } type ? $"{type} {Text("ce_sequence")} of {Text("ce_subject")}" : "no event";
        var text = new StringBuilder($"{Time}  {Id}  {what}  group {Group}, attempts {Text(DeadLetterHeaders.Attempts)}");
        if (IsOmitted)
            text.Append(CultureInfo.InvariantCulture, $", {Text(DeadLetterHeaders.OmittedBytes)} bytes not copied");
        text.AppendLine().Append("    ")
            .Append(
                EmailAddress()
                    .Replace($"{Text(DeadLetterHeaders.ErrorType)}: {Text(DeadLetterHeaders.Error)}".ReplaceLineEndings(" "), "(address)"));
        if (Settlement is { } settlement)
            text.AppendLine().Append("    ").Append(settlement.Action).Append(' ').Append(settlement.Time)
                .Append(settlement.Reason is null ? "" : $": {settlement.Reason}");
        return text.ToString();
    }

    public static string FormatTime(string? text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time)
        ? time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : "?";

    private string? Text(string name) => KafkaTopics.Header(Message, name);

    [GeneratedRegex(@"[^\s@""'<>(){}]+@[^\s@""'<>(){}]+")]
    private static partial Regex EmailAddress();
}
