using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ForgeShop.Polyglot.Tests;

internal static class Text
{
    /// <summary>Gets the form of the committed files.</summary>
    public static JsonSerializerOptions Indented { get; } =
        new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns the codes of the currencies by their number of decimals, both in ascending order.</summary>
    public static IEnumerable<IGrouping<int, string>> CurrenciesByDecimals(JsonObject facts) =>
        facts["currencyDecimals"]!.AsObject().GroupBy(fact => (int)fact.Value!, fact => fact.Key).OrderBy(codes => codes.Key);
}
