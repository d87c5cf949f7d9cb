using System.Text.Json;

namespace ForgeShop.Documents;

/// <summary>Documents to and from UTF-8 JSON.</summary>
internal static class DocumentJson
{
    public static byte[] Write<T>(DocumentModel<T> model, T value) where T : class
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(value, model.Json);
        // jsonb cannot hold it. Refused for every store, so that no document depends on where it was written.
        if (HoldsNul(json))
            throw new ArgumentException($"A document of '{model.Name}' holds the character U+0000, which a document store cannot keep.", nameof(value));
        return json;
    }

    public static T Read<T>(DocumentModel<T> model, ReadOnlySpan<byte> json) where T : class =>
        JsonSerializer.Deserialize(json, model.Json) ?? throw new JsonException($"A stored document of '{model.Name}' is null.");

    /// <summary>JSON writes the character as \u0000; after an even number of backslashes the same letters are only text.</summary>
    private static bool HoldsNul(ReadOnlySpan<byte> json)
    {
        for (int start = 0, found; (found = json[start..].IndexOf("\\u0000"u8)) >= 0; start += found + 6)
        {
            var backslashes = 1;
            while (start + found - backslashes >= 0 && json[start + found - backslashes] == (byte)'\\')
                backslashes++;
            if (backslashes % 2 == 1)
                return true;
        }
        return false;
    }
}
