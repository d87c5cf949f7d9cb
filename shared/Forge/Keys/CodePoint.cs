using System.Text;

namespace ForgeShop.Forge;

/// <summary>The characters that error messages name.</summary>
internal static class CodePoint
{
    /// <summary>The whole character of which a UTF-16 unit is the first; a surrogate without its partner is itself.</summary>
    public static int At(string text, int index) => Rune.TryGetRuneAt(text, index, out var rune) ? rune.Value : text[index];
}
