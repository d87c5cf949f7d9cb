using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Forge;

/// <summary>A typed ID in JSON: its 36-character text, parsed strictly; also as a member name, for the keys of a dictionary.</summary>
/// <typeparam name="T">The type of ID.</typeparam>
public sealed class TypedIdJsonConverter<T> : JsonConverter<T> where T : struct, ITypedId<T>
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.String ? ReadText(ref reader) : throw new JsonException("An ID is a string.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.Value);
    }

    /// <inheritdoc/>
    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        ReadText(ref reader);

    /// <inheritdoc/>
    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Span<char> text = stackalloc char[Uuid.TextLength];
        value.Value.TryFormat(text, out _, "D");
        writer.WritePropertyName(text);
    }

    private static T ReadText(ref Utf8JsonReader reader)
    {
        var plain = !reader.ValueIsEscaped && !reader.HasValueSequence;
        return (plain ? TypedId.TryParse<T>(reader.ValueSpan, out var id) : TypedId.TryParse(Unescaped(ref reader), out id))
            ? id
            : throw new JsonException("An ID is 36 characters: hexadecimal digits with hyphens after 8, 12, 16 and 20 of them.");
    }

    private static string? Unescaped(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // an escaped lone surrogate, which is not an ID
        }
    }
}
