using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Messaging;

/// <summary>The outbox of services whose store is documents.</summary>
public sealed class DocumentOutbox
{
    private readonly OutboxWriter _writer;
    private readonly OutboxSignal _signal;

    internal DocumentOutbox(OutboxWriter writer, OutboxSignal signal) => (_writer, _signal) = (writer, signal);

    /// <summary>Adds an event to the document; it is stored, and then published, by the caller's write of the document.</summary>
    /// <exception cref="InvalidOperationException">The document has events of another topic: then its position in Kafka would be two.</exception>
    public EventId Emit<TEvent>(IEventDocument document, TEvent data) where TEvent : IEventData
    {
        if (document.Events.Count > 0 && document.Events[0].Topic != TEvent.Topic)
            throw new InvalidOperationException($"The events of a document go to one topic: here {document.Events[0].Topic}, not {TEvent.Topic}.");
        var message = _writer.Write(document.AggregateId, document.Events.Count == 0 ? 1 : document.Events[^1].Sequence + 1, data);
        document.Events.Add(message);
        return message.Id;
    }

    /// <summary>
    /// Wakes the relay after the document was written. Event handlers need not, the pipeline does it; elsewhere the event would wait for the
    /// next poll.
    /// </summary>
    public void Signal() => _signal.Set();
}
