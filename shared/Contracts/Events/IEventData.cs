namespace ForgeShop.Contracts.Events;

/// <summary>The data of an event: what it is called on the wire, where it is published, and which version of its shape this is.</summary>
/// <remarks>An additive change keeps <see cref="DataVersion"/>; a breaking one raises it, and consumers upcast the old shape.</remarks>
public interface IEventData
{
    /// <summary>The CloudEvents type, stable for good: renaming the class must not rename the event.</summary>
    static abstract string Type { get; }

    /// <summary>The Kafka topic.</summary>
    static abstract string Topic { get; }

    /// <summary>The version of the data's shape, from 1.</summary>
    static virtual int DataVersion => 1;
}
