using System.Globalization;
using System.Text;

namespace ForgeShop.Forge;

/// <summary>
/// Rewrites the escapes of a JSON string to the minimum that RFC 8785 section 3.2.2.2 requires.
/// </summary>
internal static class JcsString
{
    /// <summary>Rewrites the text between the quotes of a valid JSON string; the result is never longer.</summary>
    /// <returns>False for a surrogate without its partner.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> escaped, Span<byte> destination, out int written)
    {
        written = 0;
        for (var at = 0; at < escaped.Length;)
        {
            if (escaped[at] != '\\')
            {
                destination[written++] = escaped[at++];
                continue;
            }
            var c = Unescape(escaped, ref at);
            if (char.IsSurrogate(c))
            {
                if (!char.IsHighSurrogate(c) || at + 1 >= escaped.Length || escaped[at] != '\\' || escaped[at + 1] != 'u') return false;
                var low = Unescape(escaped, ref at);
                if (!char.IsLowSurrogate(low)) return false;
                written += new Rune(c, low).EncodeToUtf8(destination[written..]);
            }
            else
            {
                written += Escape(c, destination[written..]);
            }
        }
        return true;
    }

    // Returns the UTF-16 unit of an escape.
    private static char Unescape(ReadOnlySpan<byte> escaped, ref int at)
    {
        var letter = escaped[at + 1];
        at += 2;
        if (letter != 'u') return letter switch { (byte)'b' => '\b', (byte)'t' => '\t', (byte)'n' => '\n', (byte)'f' => '\f', (byte)'r' =>
            '\r', _ => (char)letter };
        at += 4;
        return (char)ushort.Parse(escaped[(at - 4)..at], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private static int Escape(char c, Span<byte> destination)
    {
        if (c is >= ' ' and not ('"' or '\\')) return new Rune(c).EncodeToUtf8(destination);
        destination[0] = (byte)'\\';
        var letter = c switch { '\b' => 'b', '\t' => 't', '\n' => 'n', '\f' => 'f', '\r' => 'r', '"' or '\\' => c, _ => 'u' };
        destination[1] = (byte)letter;
        if (letter != 'u') return 2;
        ((int)c).TryFormat(destination[2..], out _, "x4", CultureInfo.InvariantCulture);
        return 6;
    }
}
