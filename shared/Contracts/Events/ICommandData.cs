namespace ForgeShop.Contracts.Events;

/// <summary>
/// The data of a command: it asks one service to do something, where an event tells everybody what happened. On the wire the two look alike. A command's
/// subject and Kafka key is the aggregate that it is for, and its sequence counts what was sent to that aggregate, apart from the aggregate's own events.
/// </summary>
public interface ICommandData : IEventData;
