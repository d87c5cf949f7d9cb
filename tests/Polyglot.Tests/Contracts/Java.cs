using System.Text;
using System.Text.Json.Nodes;

namespace ForgeShop.Polyglot.Tests;

/// <summary>The facts of the contracts as a class of Java, which has no JSON reader of its own.</summary>
internal static class Java
{
    public static string Facts(JsonObject facts)
    {
        var text = new StringBuilder(
            """
            // Generated from shared/Contracts by tests/Polyglot.Tests: run them with UpdateContracts=yes.
            package example.forgeshop.forge;

            import java.util.Map;
            import java.util.TreeMap;

            /** The types of messages and the currencies; {@link Contracts} publishes both. */
            final class ContractFacts {
                static final Map<String, Contracts.Event> EVENTS = new TreeMap<>();
                static final Map<String, Integer> CURRENCY_DECIMALS = new TreeMap<>();

                static {

            """.ReplaceLineEndings("\n"));
        foreach (var (type, fact) in facts["events"]!.AsObject())
            text.Append($"        event(\"{type}\", \"{fact!["topic"]}\", {fact["version"]});\n");
        foreach (var codes in Text.CurrenciesByDecimals(facts))
        {
            foreach (var line in codes.Chunk(14))
                text.Append($"        currencies({codes.Key}, {string.Join(", ", line.Select(code => $"\"{code}\""))});\n");
        }

        return text.Append(
            """
                }

                private ContractFacts() {}

                private static void event(String type, String topic, int version) {
                    EVENTS.put(type, new Contracts.Event(topic, version));
                }

                private static void currencies(int decimals, String... codes) {
                    for (String code : codes) CURRENCY_DECIMALS.put(code, decimals);
                }
            }

            """.ReplaceLineEndings("\n")).ToString();
    }
}
