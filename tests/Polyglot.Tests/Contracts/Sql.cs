using System.Text;
using System.Text.Json.Nodes;

namespace ForgeShop.Polyglot.Tests;

/// <summary>The facts of the contracts as functions of PostgreSQL.</summary>
internal static class Sql
{
    public static string Facts(JsonObject facts)
    {
        var text = new StringBuilder(
            """
            -- Generated from shared/Contracts by tests/Polyglot.Tests: run them with UpdateContracts=yes.

            -- The topic and the newest version of each type of message.
            create or replace function forge.event_types(out type text, out topic text, out version int) returns setof record
            language sql immutable parallel safe as $fn$
                values

            """.ReplaceLineEndings("\n"));
        text.AppendJoin(",\n", facts["events"]!.AsObject().Select(fact =>
            $"        ('{fact.Key}', '{fact.Value!["topic"]}', {fact.Value["version"]})"));
        text.Append(
            """

            $fn$;

            -- The number of decimals of a currency; null for an unknown one.
            create or replace function forge.currency_decimals(currency text) returns int
            language sql immutable parallel safe
            return case

            """.ReplaceLineEndings("\n"));
        foreach (var codes in Text.CurrenciesByDecimals(facts))
        {
            var lines = codes.Chunk(16).Select(line => string.Join(", ", line.Select(code => $"'{code}'")));
            text.Append("    when currency collate \"C\" in (\n        ").AppendJoin(",\n        ", lines).Append($") then {codes.Key}\n");
        }

        return text.Append("end;\n").ToString();
    }
}
