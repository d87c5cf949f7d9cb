using System.Text.Json.Nodes;

namespace ForgeShop.Contracts.Events;

/// <summary>The data of an event: what it is called on the wire, where it is published, and which version of its shape this is.</summary>
/// <remarks>An additive change keeps <see cref="DataVersion"/>; a breaking one raises it, and says in <see cref="Upcast"/> how old data is read.</remarks>
public interface IEventData
{
    /// <summary>The CloudEvents type, stable for good: renaming the class must not rename the event.</summary>
    static abstract string Type { get; }

    /// <summary>The Kafka topic.</summary>
    static abstract string Topic { get; }

    /// <summary>The version of the data's shape, from 1.</summary>
    static virtual int DataVersion => 1;

    /// <summary>
    /// Turns data of one version into data of the next, so that whoever reads old events needs to know the newest shape only. What was once
    /// published lies in logs and event stores for good: a version's upcaster is never removed.
    /// </summary>
    /// <param name="data">The data, which may be changed in place.</param>
    /// <param name="version">Its version, from 1 and below <see cref="DataVersion"/>.</param>
    static virtual JsonObject Upcast(JsonObject data, int version) => throw new UnknownEventVersionException($"There is no way from version {version} to the next.");
}

/// <summary>The data has a version that this release cannot read: it is newer, or was never known.</summary>
public sealed class UnknownEventVersionException(string message) : NotSupportedException(message);
