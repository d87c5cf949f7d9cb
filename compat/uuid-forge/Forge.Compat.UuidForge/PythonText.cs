using System.Globalization;
using System.Text;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>Python's <c>str.__repr__</c>.</summary>
internal static class PythonText
{
    public static void Repr(StringBuilder output, string text, PythonVersion version)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        output.Append(quote);
        for (var index = 0; index < text.Length; index++)
        {
            int codePoint = text[index];
            if (char.IsSurrogatePair(text, index))
                codePoint = char.ConvertToUtf32(text[index], text[++index]);
            Append(output, codePoint, quote, version);
        }

        output.Append(quote);
    }

    private static void Append(StringBuilder output, int codePoint, char quote, PythonVersion version)
    {
        switch (codePoint)
        {
            case '\t': output.Append("\\t"); break;
            case '\n': output.Append("\\n"); break;
            case '\r': output.Append("\\r"); break;
            case '\\': output.Append("\\\\"); break;
            case var _ when codePoint == quote: output.Append('\\').Append(quote); break;
            case >= 0xD800 and <= 0xDFFF: output.Append(CultureInfo.InvariantCulture, $"\\u{codePoint:x4}"); break; // a lone surrogate
            case var _ when !NonPrintable.Contains(codePoint, version): output.Append(char.ConvertFromUtf32(codePoint)); break;
            case <= 0xFF: output.Append(CultureInfo.InvariantCulture, $"\\x{codePoint:x2}"); break;
            case <= 0xFFFF: output.Append(CultureInfo.InvariantCulture, $"\\u{codePoint:x4}"); break;
            default: output.Append(CultureInfo.InvariantCulture, $"\\U{codePoint:x8}"); break;
        }
    }
}
