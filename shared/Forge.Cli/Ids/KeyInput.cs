using System.Text;
using System.Text.Json;

namespace ForgeShop.Forge.Cli;

/// <summary>A key from the command line or the input: one text (plain form) or named texts (record form), by entity type.</summary>
internal sealed record KeyInput(string? Plain, (string Field, KeyValue Value)[] Fields)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static KeyInput FromArguments(EntityNamespace entity, string[] arguments)
    {
        // The runtime has replaced invalid UTF-8 of the shell by U+FFFD, which would be another key.
        if (arguments.Any(argument => argument.Contains('\uFFFD'))) throw new UnusableException(
            "the key has U+FFFD, which stands for bytes that are not UTF-8; if it is meant, use --stdin");
        return Create(entity, arguments);
    }

    public static KeyInput FromLine(EntityNamespace entity, ReadOnlyMemory<byte> line)
    {
        string text;
        try
        {
            text = StrictUtf8.GetString(line.Span);
        }
        catch (DecoderFallbackException)
        {
            throw new UnusableException("the key is not valid UTF-8");
        }
        if (entity.Type.Shape.Form is KeyForm.Value) return new KeyInput(text, []);
        return text.StartsWith('{') ? FromJson(entity, line) : Create(entity, text.Split(text.Contains('\t') ? '\t' : ' '));
    }

    public Guid Derive(EntityNamespace entity) => Plain is null ? entity.Derive(Fields) : entity.Derive(Plain);

    public string Name(EntityNamespace entity) => Plain is null ? entity.GetName(Fields) : entity.GetName(Plain);

    private static KeyInput Create(EntityNamespace entity, string[] texts)
    {
        if (entity.Type.Shape.Form is KeyForm.Value)
        {
            return texts.Length == 1
                ? new KeyInput(texts[0], [])
                : throw new UnusableException(
                    $"{entity.Type.Name} takes exactly one key, of kind {entity.Type.Shape.Kind!.Value.ToName()}; {texts.Length} were "
                    + "given");
        }
        return new KeyInput(null, [.. texts.Select(text => Field(entity, text))]);
    }

    private static (string, KeyValue) Field(EntityNamespace entity, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? (text[..equals], text[(equals + 1)..])
            : throw new UnusableException(
                $"{entity.Type.Name} takes a record: {string.Join(" ", entity.Type.Shape.Fields.Keys.Select(name => name + "=..."))}");
    }

    private static KeyInput FromJson(EntityNamespace entity, ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            // It begins with a brace and was read, so it is an object.
            return new KeyInput(null, Members(document.RootElement, entity.Type.Shape));
        }
        catch (JsonException)
        {
            throw new UnusableException("the key is not a JSON object");
        }
    }

    // As in the library: a string has the declared kind; a number is accepted for int and dec only, true and false for bool only.
    private static KeyValue Value(JsonElement element, KeyShape? declared) => element.ValueKind switch
    {
        JsonValueKind.String => JsonText.Read(element),
        JsonValueKind.Number => KeyValue.Of(declared?.Kind is KeyKind.Dec ? KeyKind.Dec : KeyKind.Int, element.GetRawText()),
        JsonValueKind.True or JsonValueKind.False => element.GetBoolean(),
        JsonValueKind.Array => KeyValue.List([.. element.EnumerateArray().Select(item => Value(item, declared?.Element))]),
        JsonValueKind.Object => KeyValue.Record(Members(element, declared)),
        _ => default,
    };

    private static (string, KeyValue)[] Members(JsonElement record, KeyShape? declared) =>
        [.. record.EnumerateObject().Select(member => (JsonText.Name(member), member.Value))
            .Select(member => (member.Item1, Value(member.Value, declared?.Fields.GetValueOrDefault(member.Item1))))];
}
