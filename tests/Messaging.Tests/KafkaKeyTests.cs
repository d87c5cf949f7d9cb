using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.Messaging.Kafka;

namespace ForgeShop.Messaging.Tests;

public sealed class KafkaKeyTests
{
    private static readonly OrderId Id = OrderId.Parse("7e558d62-0221-5a98-9949-a65bfd2da23e");
    private static readonly TypedIdSerializer<OrderId> Serializer = new();

    [Fact]
    public void An_ID_is_its_36_lower_case_characters() =>
        Serializer.Serialize(Id, SerializationContext.Empty).ShouldBe("7e558d62-0221-5a98-9949-a65bfd2da23e"u8.ToArray());

    [Fact]
    public void Reading_takes_either_case_and_nothing_else()
    {
        Serializer.Deserialize("7E558D62-0221-5A98-9949-A65BFD2DA23E"u8, isNull: false, SerializationContext.Empty).ShouldBe(Id);
        foreach (var wrong in new[] { Id.Value.ToByteArray(), Id.Value.ToByteArray(bigEndian: true), "{7e558d62-0221-5a98-9949-a65bfd2da23e}"u8.ToArray(), "7e558d62-0221-5a98-9949-a65bfd2da23e "u8.ToArray(), [] })
            Should.Throw<FormatException>(() => Serializer.Deserialize(wrong, isNull: false, SerializationContext.Empty));
        Should.Throw<FormatException>(() => Serializer.Deserialize([], isNull: true, SerializationContext.Empty));
    }
}
