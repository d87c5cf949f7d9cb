using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace ForgeShop.Api;

/// <summary>
/// The client's name for one request. The quoted form (a structured field string, RFC 9651) and the bare one are the same key. Header bytes
/// arrive as Latin-1, and the key is their UTF-8 text.
/// </summary>
public static partial class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    /// <summary>Returns the key of a request; null, with the reason, if there is none or it is malformed.</summary>
    public static string? Of(HttpRequest request, out string error)
    {
        var values = request.Headers[Header];
        error = "Exactly one Idempotency-Key header is required: a text of your own that names this request.";
        if (values.Count != 1 || values[0] is not { Length: > 0 } sent)
            return null;
        var bytes = Encoding.Latin1.GetBytes(sent);
        error = "The Idempotency-Key is not UTF-8.";
        if (!Utf8.IsValid(bytes))
            return null;
        var key = Encoding.UTF8.GetString(bytes);
        error = "The Idempotency-Key begins with a double quote and is no quoted string.";
        return key[0] != '"' ? key : Quoted().Match(key) is { Success: true } text ? Escaped().Replace(text.Groups[1].Value, "$1") : null;
    }

    [GeneratedRegex("""
        ^"((?:[^"\\]|\\["\\])*)"\z
        """)]
    private static partial Regex Quoted();

    [GeneratedRegex("""
        \\(.)
        """)]
    private static partial Regex Escaped();
}
