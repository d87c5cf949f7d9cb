using System.Text.Encodings.Web;
using System.Text.Json;

namespace ForgeShop.Polyglot.Tests;

internal static class Text
{
    /// <summary>Gets the form of the committed files.</summary>
    public static JsonSerializerOptions Indented { get; } =
        new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
