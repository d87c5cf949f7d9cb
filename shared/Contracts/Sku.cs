using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace ForgeShop.Contracts;

/// <summary>
/// The rule of the shop's SKUs: Forge's rule (trim, upper-case) and then <c>[A-Z0-9][A-Z0-9._~-]{0,63}</c>, which is safe in a URL path.
/// </summary>
public static partial class Sku
{
    /// <summary>Returns the canonical SKU; null if the text is not a SKU.</summary>
    public static bool TryNormalise(string? text, [NotNullWhen(true)] out string? sku)
    {
        var trimmed = text.AsSpan().Trim("\t\n\v\f\r ");
        sku = Form().IsMatch(trimmed) ? trimmed.ToString().ToUpperInvariant() : null;
        return sku is not null;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._~-]{0,63}\z")]
    private static partial Regex Form();
}
