using System.Text.Json.Nodes;

namespace ForgeShop.Services.Tests;

/// <summary>
/// The differences between two OpenAPI documents that break a client of the first. A request may become more lenient and an answer more
/// precise; the other way round breaks. Descriptions and examples break nothing.
/// </summary>
internal sealed class BreakingChanges
{
    private readonly JsonNode _before;
    private readonly JsonNode _after;
    private readonly List<string> _found = [];
    private readonly HashSet<string> _compared = [];

    private BreakingChanges(JsonNode before, JsonNode after) => (_before, _after) = (before, after);

    public static IReadOnlyList<string> Between(JsonNode before, JsonNode after)
    {
        var changes = new BreakingChanges(before, after);
        foreach (var (path, item) in Members(before["paths"]))
        {
            if (after["paths"]![path] is not { } now)
                changes._found.Add($"{path} is removed");
            else
                changes.ComparePath(path, item!, now);
        }

        return changes._found;
    }

    private void ComparePath(string path, JsonNode before, JsonNode after)
    {
        foreach (var (method, operation) in Members(before))
        {
            var name = $"{method.ToUpperInvariant()} {path}";
            if (after[method] is not { } now)
                _found.Add($"{name} is removed");
            else
                CompareOperation(name, operation!, now);
        }
    }

    private void CompareOperation(string name, JsonNode before, JsonNode after)
    {
        if ((string?)before["operationId"] != (string?)after["operationId"])
            _found.Add($"{name}: the operationId '{before["operationId"]}' is now '{after["operationId"]}'");
        CompareParameters(name, before, after);
        CompareContents($"{name}, request", before["requestBody"]?["content"], after["requestBody"]?["content"], isRequest: true);
        if (before["requestBody"] is null && (bool?)after["requestBody"]?["required"] == true)
            _found.Add($"{name}: a body is required now");
        foreach (var (status, response) in Members(before["responses"]))
        {
            if (after["responses"]![status] is { } now)
                CompareContents($"{name}, answer {status}", response!["content"], now["content"], isRequest: false);
            else
                _found.Add($"{name}: the answer {status} is removed");
        }
    }

    private void CompareParameters(string name, JsonNode before, JsonNode after)
    {
        var (old, now) = (Parameters(before), Parameters(after));
        foreach (var (key, parameter) in old)
        {
            if (now.TryGetValue(key, out var same))
                CompareSchemas($"{name}, {key}", parameter["schema"], same["schema"], isRequest: true);
            else
                _found.Add($"{name}: the parameter {key} is removed");
        }

        foreach (var (key, parameter) in now.Where(parameter => (bool?)parameter.Value["required"] == true))
        {
            if (!old.TryGetValue(key, out var same) || (bool?)same["required"] != true)
                _found.Add($"{name}: the parameter {key} is required now");
        }
    }

    private void CompareContents(string where, JsonNode? before, JsonNode? after, bool isRequest)
    {
        foreach (var (type, content) in Members(before))
        {
            if (after?[type] is { } now)
                CompareSchemas(where, content!["schema"], now["schema"], isRequest);
            else
                _found.Add($"{where}: {type} is removed");
        }
    }

    private void CompareSchemas(string where, JsonNode? before, JsonNode? after, bool isRequest)
    {
        var name = (string?)before?["$ref"];
        if (name is not null)
        {
            where = name.Split('/')[^1];
            // Schemas may refer to each other in cycles; one finding for each is enough.
            if (!_compared.Add($"{name} {isRequest}"))
                return;
        }

        if (Resolved(_before, before) is not { } old)
            return;
        if (Resolved(_after, after) is not { } now)
        {
            _found.Add($"{where} has no schema any more");
            return;
        }

        var (types, typesNow) = (Types(old), Types(now));
        var (accepted, given) = isRequest ? (typesNow, types) : (types, typesNow);
        if (accepted.Count > 0 && (given.Count == 0 || !given.IsSubsetOf(accepted)))
            _found.Add($"{where}: the type {string.Join("|", types)} is now {string.Join("|", typesNow)}");
        if ((string?)old["format"] != (string?)now["format"])
            _found.Add($"{where}: the format '{old["format"]}' is now '{now["format"]}'");
        CompareEnums(where, old, now, isRequest);
        CompareMembers(where, old, now, isRequest);
        if (old["items"] is { } items)
            CompareSchemas($"{where}[]", items, now["items"], isRequest);
        if (old["additionalProperties"] is JsonObject values)
            CompareSchemas($"{where}.*", values, now["additionalProperties"], isRequest);
        foreach (var keyword in (string[])["oneOf", "anyOf", "allOf"])
        {
            if (old[keyword] is JsonArray alternatives)
                CompareAlternatives($"{where} ({keyword})", alternatives, now[keyword] as JsonArray, isRequest);
        }
    }

    private void CompareAlternatives(string where, JsonArray before, JsonArray? after, bool isRequest)
    {
        if (before.Count != after?.Count)
            _found.Add($"{where}: {before.Count} alternatives are now {after?.Count ?? 0}");
        else
            before.Zip(after).ToList().ForEach(pair => CompareSchemas(where, pair.First, pair.Second, isRequest));
    }

    private void CompareEnums(string where, JsonObject before, JsonObject after, bool isRequest)
    {
        if (before["enum"] is not JsonArray old)
        {
            if (isRequest && after["enum"] is not null)
                _found.Add($"{where}: only {after["enum"]!.ToJsonString()} is accepted now");
            return;
        }

        // A client that switches on a value must know all values.
        var now = (after["enum"] as JsonArray)?.Select(value => $"{value}").ToList();
        foreach (var value in old.Select(value => $"{value}").Where(value => now?.Contains(value) == false))
            _found.Add($"{where}: the value {value} is removed");
        if (!isRequest && now is null)
            _found.Add($"{where}: the values are not limited any more");
        if (!isRequest)
        {
            var added = (now ?? []).Except(old.Select(value => $"{value}"));
            _found.AddRange(added.Select(value => $"{where}: the answer has a new value {value}"));
        }
    }

    private void CompareMembers(string where, JsonObject before, JsonObject after, bool isRequest)
    {
        var (required, requiredNow) = (Required(before), Required(after));
        foreach (var (member, schema) in Members(before["properties"]))
        {
            if (after["properties"]?[member] is { } now)
                CompareSchemas($"{where}.{member}", schema, now, isRequest);
            else
                _found.Add($"{where}.{member} is removed");
        }

        if (isRequest)
            _found.AddRange(requiredNow.Except(required).Select(member => $"{where}.{member} is required now"));
        else
            _found.AddRange(required.Except(requiredNow).Select(member => $"{where}.{member} can be missing now"));
    }

    private static JsonObject? Resolved(JsonNode document, JsonNode? schema) =>
        ((string?)schema?["$ref"] is { } reference ? MergedDocument.Resolve(document, reference) : schema) as JsonObject;

    private static Dictionary<string, JsonNode> Parameters(JsonNode operation) =>
        (operation["parameters"] as JsonArray ?? []).ToDictionary(
            parameter => $"{parameter!["in"]} {parameter["name"]}", parameter => parameter!);

    private static HashSet<string> Types(JsonObject schema) => schema["type"] switch
    {
        JsonArray types => [.. types.Select(type => (string)type!)],
        JsonValue type => [(string)type!],
        _ => [],
    };

    private static HashSet<string> Required(JsonObject schema) =>
        [.. (schema["required"] as JsonArray ?? []).Select(member => (string)member!)];

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Members(JsonNode? node) => node as JsonObject ?? [];
}
