using System.Text;
using System.Text.Json.Nodes;

namespace ForgeShop.Polyglot.Tests;

/// <summary>The types of TypeScript of <see cref="EventSchemas"/>.</summary>
internal static class TypeScript
{
    private const string Header = "// Generated from shared/Contracts by tests/Polyglot.Tests: run them with UpdateContracts=yes.\n";

    /// <summary>Returns the declarations: an interface for each class, and which type of event has which.</summary>
    public static string Types(JsonObject schemas)
    {
        var text = new StringBuilder(Header);
        var definitions = schemas["$defs"]!.AsObject();
        foreach (var (name, schema) in definitions)
        {
            text.Append('\n');
            if (schema!["description"] is { } description)
                text.Append("/** ").Append(description).Append(" */\n");
            if (schema["properties"] is not JsonObject properties)
            {
                text.Append("export type ").Append(name).Append(" = ").Append(TypeOf(schema)).Append('\n');
                continue;
            }

            if (schema["x-type"] is { } type)
                text.Append("/** `").Append(type).Append($"`, version {schema["x-version"]}, in `{schema["x-topic"]}`. */\n");
            var required = schema["required"]?.AsArray().Select(member => $"{member}").ToHashSet() ?? [];
            text.Append("export interface ").Append(name).Append(" {\n");
            foreach (var (member, of) in properties)
                text.Append("  readonly ").Append(member).Append(required.Contains(member) ? ": " : "?: ").Append(TypeOf(of!)).Append('\n');
            text.Append("}\n");
        }

        text.Append("\n/** The data of each type on the wire. */\nexport interface EventData {\n");
        foreach (var (name, schema) in definitions.Where(definition => definition.Value!["x-type"] is not null))
            text.Append("  readonly '").Append(schema!["x-type"]).Append("': ").Append(name).Append('\n');
        return text.Append(
            """
            }

            export type EventType = keyof EventData

            /** The topic and the newest version of each type. */
            export declare const events: { readonly [Type in EventType]: { readonly topic: string; readonly version: number } }

            /** The number of decimals of each currency. */
            export declare const currencyDecimals: Readonly<Record<string, number>>

            """.ReplaceLineEndings("\n")).ToString();
    }

    public static string Values(JsonObject facts) =>
        $"{Header}\nexport const events = {facts["events"]!.ToJsonString(Text.Indented)}\n\n"
        + $"export const currencyDecimals = {facts["currencyDecimals"]!.ToJsonString()}\n";

    private static string TypeOf(JsonNode schema)
    {
        if (schema["$ref"] is { } reference)
            return $"{reference}".Split('/')[^1];
        if (schema["anyOf"] is JsonArray any)
            return string.Join(" | ", any.Select(option => TypeOf(option!)));
        var types = schema["type"] is JsonArray several ? several.Select(type => $"{type}") : [$"{schema["type"]}"];
        return string.Join(" | ", types.Select(type => type switch
        {
            "array" => $"readonly {Element(schema["items"]!)}[]",
            "integer" or "number" => "number",
            "string" or "boolean" or "null" => type,
            _ => throw new NotSupportedException($"The schema type {type} has no type of TypeScript."),
        }));
    }

    private static string Element(JsonNode items) =>
        TypeOf(items) is var type && type.Contains(' ', StringComparison.Ordinal) ? $"({type})" : type;
}
