namespace ForgeShop.Messaging;

/// <summary>
/// A document that announces what happened to it. There is no transaction over several documents, so its events lie inside it: written
/// with the change in one atomic write, sent by the relay, and kept with where Kafka put them.
/// </summary>
public interface IEventDocument
{
    /// <summary>The document's ID: subject and Kafka key of its events.</summary>
    Guid AggregateId { get; }

    /// <summary>All its events, in order. Starts empty and is stored with the document; only <see cref="DocumentOutbox"/> and the relay change it.</summary>
    List<OutboxMessage> Events { get; }
}
