using System.Globalization;
using System.Text.Json.Serialization;
using ForgeShop.Contracts;
using ForgeShop.Documents;
using ForgeShop.Messaging.Kafka;

namespace ForgeShop.Messaging;

/// <summary>What <see cref="InboxStream"/> is as a document, with the parked events inside: one atomic write changes both.</summary>
internal sealed record StreamDocument(string Topic, Guid Subject, int Partition)
{
    public long? Sequence { get; init; }
    public EventId? EventId { get; init; }
    public long? Dead { get; init; }

    /// <summary>By sequence.</summary>
    public IReadOnlyList<ParkedMessage> Parked { get; init; } = [];

    [JsonIgnore]
    public StreamKey Key => new(Topic, Subject);

    [JsonIgnore]
    public long Next => (Sequence ?? 0) + 1;

    /// <summary>The partition of a stream that waits, so that those who read it find the stream; null if it does not wait.</summary>
    public static readonly DocumentField<StreamDocument, string> WaitingField =
        DocumentField.Text<StreamDocument>("waiting", stream => stream.Parked.Count > 0 || stream.Dead is not null ? PartitionText(stream.Topic, stream.Partition) : null);

    public static DocumentModel<StreamDocument> Model { get; } = new("inbox_streams", InboxJson.Default.StreamDocument, [WaitingField]);

    public static string PartitionText(string topic, int partition) => string.Create(CultureInfo.InvariantCulture, $"{topic}/{partition}");

    /// <summary>Behind the event with this sequence. What is parked up to there is dropped.</summary>
    public StreamDocument At(long sequence, EventId? eventId) =>
        this with { Sequence = sequence, EventId = eventId, Dead = null, Parked = [.. Parked.Where(parked => parked.Sequence > sequence)] };

    public StreamDocument With(ParkedMessage message) =>
        this with { Partition = message.Partition, Parked = [.. Parked.Append(message).OrderBy(parked => parked.Sequence)] };
}

[JsonSerializable(typeof(StreamDocument))]
[JsonSerializable(typeof(InboxPosition))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class InboxJson : JsonSerializerContext;
