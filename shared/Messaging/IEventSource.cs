namespace ForgeShop.Messaging;

/// <summary>An aggregate that announces what happened to it.</summary>
public interface IEventSource
{
    /// <summary>The aggregate's ID: subject and Kafka key of its events, which therefore stay in order.</summary>
    Guid AggregateId { get; }

    /// <summary>
    /// The sequence of its last event, 0 before the first. Stored with the aggregate, so that events count from 1 without gaps: consumers
    /// handle them in this order, and wait for one that is missing. An aggregate announces itself in one topic.
    /// </summary>
    long LastSequence { get; set; }
}
