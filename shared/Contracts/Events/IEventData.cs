namespace ForgeShop.Contracts.Events;

/// <summary>The data of an event: its type on the wire, its topic, and the version of its shape.</summary>
/// <remarks>
/// An additive change keeps <see cref="DataVersion"/>. A breaking change raises it and adds an upcaster (<see cref="Upcast"/>).
/// </remarks>
public interface IEventData
{
    /// <summary>The CloudEvents type. It never changes: renaming the class must not rename the event.</summary>
    static abstract string Type { get; }

    static abstract string Topic { get; }

    /// <summary>The version of the data's shape, from 1.</summary>
    static virtual int DataVersion => 1;

    /// <summary>
    /// Converts data of one version to the next, so that consumers need to know the newest shape only. Logs and event stores keep published
    /// versions forever, so an upcaster is never removed.
    /// </summary>
    /// <param name="data">The data, which may be changed in place.</param>
    /// <param name="version">Its version, from 1 and below <see cref="DataVersion"/>.</param>
    static virtual JsonObject Upcast(JsonObject data, int version) =>
        throw new UnknownEventVersionException($"Version {version} has no upcaster.");
}

/// <summary>
/// The data of a command. A command is a request to one service; an event is a fact for any consumer. Both have the same wire format. The
/// subject and Kafka key of a command is the aggregate that it addresses. Its sequence number counts the commands to that aggregate,
/// separately from the aggregate's own events.
/// </summary>
public interface ICommandData : IEventData;

/// <summary>The data has a version that this release cannot read: a newer or an unknown one.</summary>
public sealed class UnknownEventVersionException(string message) : NotSupportedException(message);
