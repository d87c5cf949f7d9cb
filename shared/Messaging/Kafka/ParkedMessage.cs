using System.Text.Json;
using System.Text.Json.Serialization;
using Confluent.Kafka;

namespace ForgeShop.Messaging.Kafka;

/// <summary>A message of Kafka, byte for byte, as it is stored while it is parked. Bytes are base64.</summary>
public sealed record ParkedMessage(
    string Topic, int Partition, long Offset, long Sequence, DateTimeOffset ParkedAt, byte[]? Key, byte[]? Value, IReadOnlyList<ParkedHeader> Headers)
{
    internal static ParkedMessage Of(ConsumeResult<byte[]?, byte[]?> consumed, long sequence, DateTimeOffset now) => new(
        consumed.Topic, consumed.Partition.Value, consumed.Offset.Value, sequence, now, consumed.Message.Key, consumed.Message.Value,
        [.. (consumed.Message.Headers ?? []).Select(header => new ParkedHeader(header.Key, header.GetValueBytes()))]);

    internal ConsumeResult<byte[]?, byte[]?> ToConsumed()
    {
        var headers = new Headers();
        foreach (var (name, value) in Headers)
            headers.Add(name, value);
        return new() { TopicPartitionOffset = new(Topic, Partition, Offset), Message = new() { Key = Key, Value = Value, Headers = headers } };
    }

    internal string ToJson() => JsonSerializer.Serialize(this, ParkedJson.Default.ParkedMessage);

    internal static ParkedMessage FromJson(string json) => JsonSerializer.Deserialize(json, ParkedJson.Default.ParkedMessage)!;
}

public sealed record ParkedHeader(string Name, byte[]? Value);

[JsonSerializable(typeof(ParkedMessage))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ParkedJson : JsonSerializerContext;
