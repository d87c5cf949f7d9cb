using System.Diagnostics.CodeAnalysis;

namespace ForgeShop.Contracts;

/// <summary>
/// The rule of the shop's SKUs: Forge's rule (trim, upper-case) and then <c>[A-Z0-9][A-Z0-9._~-]{0,63}</c>, which is safe in a URL path.
/// </summary>
public static class Sku
{
    public const int MaxLength = 64;

    /// <summary>Returns the canonical SKU; null if the text is not a SKU.</summary>
    public static bool TryNormalise(string? text, [NotNullWhen(true)] out string? sku)
    {
        sku = null;
        var stripped = text.AsSpan().Trim("\t\n\v\f\r ");
        if (stripped.Length is 0 or > MaxLength) return false;
        Span<char> raised = stackalloc char[stripped.Length];
        for (var i = 0; i < stripped.Length; i++)
        {
            var c = stripped[i];
            raised[i] = char.IsAsciiLetterLower(c) ? (char)(c & ~0x20) : c;
            if (!char.IsAsciiLetterOrDigit(c) && (i == 0 || c is not ('.' or '_' or '~' or '-'))) return false;
        }
        sku = raised.ToString();
        return true;
    }
}
