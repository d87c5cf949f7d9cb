using System.Globalization;
using ForgeShop.Documents;

namespace ForgeShop.Messaging;

/// <summary>
/// The fields by which the relay finds documents with events. Their collection declares an index over each of them:
/// <c>[EventFields.Due&lt;T&gt;()], [EventFields.Position&lt;T&gt;()]</c>.
/// </summary>
public static class EventFields
{
    /// <summary>When the document's first pending event is due; null, and so in no index, when nothing is pending.</summary>
    public static DocumentField<T, DateTimeOffset> Due<T>() where T : class, IEventDocument => Of<T>.Due;

    /// <summary>Where in Kafka the document's last published event lies.</summary>
    public static DocumentField<T, string> Position<T>() where T : class, IEventDocument => Of<T>.Position;

    /// <summary>Compares by byte as topic, partition and offset compare.</summary>
    internal static string PositionText(string topic, int partition, long offset) =>
        string.Create(CultureInfo.InvariantCulture, $"{topic}/{partition:D6}/{offset:D19}");

    private static class Of<T> where T : class, IEventDocument
    {
        public static readonly DocumentField<T, DateTimeOffset> Due = DocumentField.Time<T>("outboxDue", FirstDue);
        public static readonly DocumentField<T, string> Position = DocumentField.Text<T>("outboxPosition", LastPosition);

        private static DateTimeOffset? FirstDue(T document) =>
            document.Events.Find(message => message.Status == OutboxStatus.Pending)?.NextAttemptAt;

        private static string? LastPosition(T document) =>
            document.Events.FindLast(message => message.Status == OutboxStatus.Published) is { Partition: { } partition, Offset: { } offset } last
                ? PositionText(last.Topic, partition, offset)
                : null;
    }
}
