using Confluent.Kafka;
using ForgeShop.Forge;
using Uuid = ForgeShop.Forge.Uuid;

namespace ForgeShop.Messaging.Kafka;

/// <summary>
/// A typed ID as a Kafka key: the 36 lower-case ASCII bytes of its text. Any other bytes of the same ID (upper case, the 16 raw ones) would
/// hash to another partition, and the order of the entity's events would be lost. Reads either case, as strictly as <see cref="Uuid"/>.
/// </summary>
/// <typeparam name="T">The type of ID.</typeparam>
public sealed class TypedIdSerializer<T> : ISerializer<T>, IDeserializer<T> where T : struct, ITypedId<T>
{
    /// <inheritdoc/>
    public byte[] Serialize(T data, SerializationContext context) => KafkaKey.Of(data.Value);

    /// <exception cref="FormatException">There is no key, or it is no ID. The client wraps it in a <see cref="ConsumeException"/>.</exception>
    public T Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) =>
        !isNull && TypedId.TryParse<T>(data, out var id) ? id : throw new FormatException("The key is not the 36-character text of an ID.");
}

internal static class KafkaKey
{
    public static byte[] Of(Guid id)
    {
        var key = new byte[Uuid.TextLength];
        id.TryFormat(key, out _, "D");
        return key;
    }
}
