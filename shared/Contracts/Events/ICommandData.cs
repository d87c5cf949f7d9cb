namespace ForgeShop.Contracts.Events;

/// <summary>
/// The data of a command. A command is a request to one service; an event is a fact for any consumer. Both have the same wire format. The
/// subject and Kafka key of a command is the aggregate that it addresses. Its sequence number counts the commands to that aggregate,
/// separately from the aggregate's own events.
/// </summary>
public interface ICommandData : IEventData;
