using System.Buffers;
using System.Text;
using System.Text.Json;
using MongoDB.Bson;

namespace ForgeShop.Documents.Mongo;

/// <summary>
/// JSON to BSON and back without loss: whole numbers become Int64, all others Decimal128 (a double would turn 12.50 into 12.5 and
/// 0.1 into something near it). Not the driver's own JSON reader: to that, <c>{"$oid": ...}</c> in somebody's data is an instruction.
/// </summary>
internal static class BsonJson
{
    public static BsonDocument FromJson(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        return Value(ref reader).AsBsonDocument;
    }

    private static BsonValue Value(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => Members(ref reader),
        JsonTokenType.StartArray => Elements(ref reader),
        JsonTokenType.String => new BsonString(reader.GetString()),
        JsonTokenType.Number => Number(ref reader),
        JsonTokenType.True => BsonBoolean.True,
        JsonTokenType.False => BsonBoolean.False,
        _ => BsonNull.Value,
    };

    private static BsonDocument Members(ref Utf8JsonReader reader)
    {
        var document = new BsonDocument();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            document[name] = Value(ref reader);
        }
        return document;
    }

    private static BsonArray Elements(ref Utf8JsonReader reader)
    {
        var array = new BsonArray();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            array.Add(Value(ref reader));
        return array;
    }

    private static BsonValue Number(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out var integer))
            return new BsonInt64(integer);
        var text = Encoding.UTF8.GetString(reader.ValueSpan);
        return Decimal128.TryParse(text, out var number) ? new BsonDecimal128(number) : new BsonDouble(reader.GetDouble());
    }

    public static ReadOnlySpan<byte> ToJson(BsonDocument document)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer, document);
        return buffer.WrittenSpan;
    }

    private static void Write(Utf8JsonWriter writer, BsonValue value)
    {
        switch (value)
        {
            case BsonDocument document:
                writer.WriteStartObject();
                foreach (var element in document)
                {
                    writer.WritePropertyName(element.Name);
                    Write(writer, element.Value);
                }
                writer.WriteEndObject();
                break;
            case BsonArray array:
                writer.WriteStartArray();
                foreach (var element in array)
                    Write(writer, element);
                writer.WriteEndArray();
                break;
            case BsonString text:
                writer.WriteStringValue(text.Value);
                break;
            case BsonInt32 or BsonInt64:
                writer.WriteNumberValue(value.ToInt64());
                break;
            case BsonDecimal128 number:
                writer.WriteRawValue(number.Value.ToString());
                break;
            case BsonDouble number:
                writer.WriteNumberValue(number.Value);
                break;
            case BsonBoolean flag:
                writer.WriteBooleanValue(flag.Value);
                break;
            case BsonNull:
                writer.WriteNullValue();
                break;
            default:
                throw new FormatException($"A stored document holds a {value.BsonType}, which no JSON of ours becomes.");
        }
    }
}
