using System.Text;
using System.Text.Json;

namespace ForgeShop.Forge.Cli;

/// <summary>rfc9562.json: {algorithm, namespace, name, uuid}. A name is a text, {repeat, count}, {hex}, or an array of those.</summary>
internal sealed class Rfc9562Vector : IVectorShape
{
    private const int LongestName = 64 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public bool Recognises(JsonElement vector) =>
        Vector.Has(vector, "algorithm") && Vector.Has(vector, "namespace") && Vector.Has(vector, "name");

    public string? Check(JsonElement vector)
    {
        Vector.MustExpect(vector, "uuid");
        if (!Uuid.TryParse(Vector.Text(vector, "namespace"), out var namespaceId)) throw new MalformedVectorException(
            "the namespace is not a UUID");
        using var name = new MemoryStream();
        Append(name, Vector.Get(vector, "name"), depth: 0);
        var bytes = name.GetBuffer().AsSpan(0, (int)name.Length);
        var id = Vector.Text(vector, "algorithm") switch
        {
            "uuidv5-sha1" => NameBasedUuid.V5(namespaceId, bytes),
            "uuidv8-sha256" => NameBasedUuid.V8Sha256(namespaceId, bytes),
            "uuidv8-hmac-sha256" => NameBasedUuid.V8HmacSha256(Utf8(Vector.Text(vector, "secret")), namespaceId, bytes),
            _ => throw new MalformedVectorException("there is no such algorithm"),
        };
        return Vector.Differs(vector, "uuid", Uuid.ToText(id));
    }

    private static void Append(MemoryStream name, JsonElement part, int depth)
    {
        if (part.ValueKind is JsonValueKind.String) Append(name, Utf8(JsonText.Read(part)), 1);
        else if (part.ValueKind is JsonValueKind.Array && depth == 0)
        {
            foreach (var inner in part.EnumerateArray()) Append(name, inner, depth + 1);
        }
        else if (Vector.Has(part, "repeat")) Append(name, Utf8(Vector.Text(part, "repeat")), Count(part));
        else Append(name, Hex(Vector.Text(part, "hex")), Count(part));
    }

    private static void Append(MemoryStream name, byte[] bytes, int count)
    {
        if (name.Length + (long)bytes.Length * count > LongestName) throw new MalformedVectorException("the name is longer than 64 MiB");
        for (var i = 0; i < count && bytes.Length > 0; i++) name.Write(bytes);
    }

    private static int Count(JsonElement part)
    {
        if (!Vector.Has(part, "count")) return 1;
        var count = Vector.Get(part, "count");
        return count.ValueKind is JsonValueKind.Number && count.TryGetInt32(out var times)
            && times >= 0 ? times : throw new MalformedVectorException("'count' is not a number of times");
    }

    private static byte[] Hex(string text)
    {
        try
        {
            return Convert.FromHexString(text);
        }
        catch (FormatException)
        {
            throw new MalformedVectorException("'hex' is not hexadecimal");
        }
    }

    private static byte[] Utf8(string text)
    {
        try
        {
            return StrictUtf8.GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            throw new MalformedVectorException("a text has a lone surrogate");
        }
    }
}
