using System.Text;

namespace ForgeShop.Forge;

/// <summary>The code points of error messages.</summary>
internal static class CodePoint
{
    /// <summary>Returns the code point that begins at a UTF-16 unit; for a lone surrogate, the surrogate.</summary>
    public static int At(string text, int index) => Rune.TryGetRuneAt(text, index, out var rune) ? rune.Value : text[index];
}
