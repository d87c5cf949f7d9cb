using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ForgeShop.Forge.Cli;

/// <summary>
/// Reads JSON strings as UTF-16, lone surrogates included. The framework cannot read these; here the library refuses them.
/// </summary>
internal static class JsonText
{
    public static string Read(JsonElement element) => Unescape(element.GetRawText().AsSpan()[1..^1]);

    /// <summary>Returns the name of a member.</summary>
    public static string Name(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate. The member as it was written, "name": value, up to the quote that ends the name.
            var raw = member.ToString().AsSpan()[1..];
            var end = 0;
            while (raw[end] != '"') end += raw[end] == '\\' ? 2 : 1;
            return Unescape(raw[..end]);
        }
    }

    private static string Unescape(ReadOnlySpan<char> raw)
    {
        if (!raw.Contains('\\')) return raw.ToString();
        var text = new StringBuilder(raw.Length);
        for (var at = 0; at < raw.Length; at++)
        {
            if (raw[at] != '\\')
            {
                text.Append(raw[at]);
                continue;
            }
            var letter = raw[++at];
            if (letter == 'u')
            {
                text.Append((char)ushort.Parse(raw.Slice(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                at += 4;
            }
            else
            {
                text.Append(letter switch { 'b' => '\b', 't' => '\t', 'n' => '\n', 'f' => '\f', 'r' => '\r', _ => letter });
            }
        }
        return text.ToString();
    }
}
