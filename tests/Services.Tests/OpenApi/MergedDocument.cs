using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ForgeShop.Gateway;
using Yarp.ReverseProxy.Configuration;

namespace ForgeShop.Services.Tests;

/// <summary>Merges the services' documents: the forwarded calls, the gateway's own, and the schemas that they need.</summary>
internal static class MergedDocument
{
    private const string Description =
        "Errors are problem details with a stable code. Unknown members of a request are refused; clients ignore those of an answer.";

    private static readonly JsonSerializerOptions Written =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="InvalidOperationException">A public call has no description, or one name has two meanings.</exception>
    public static JsonObject Merge(JsonObject gateway, IReadOnlyList<JsonObject> services)
    {
        var paths = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var (path, item) in gateway["paths"]!.AsObject())
            paths[Trimmed(path)] = item!.DeepClone().AsObject();
        // The token server describes itself, at /.well-known/openid-configuration.
        foreach (var route in PublicRoutes.Routes.Where(IsApi).OrderBy(route => route.RouteId, StringComparer.Ordinal))
        {
            var (path, method) = (route.Match.Path!, route.Match.Methods![0].ToLowerInvariant());
            var operation = services.SelectMany(service => service["paths"]!.AsObject()).Where(item => Trimmed(item.Key) == path)
                .Select(item => item.Value![method]).SingleOrDefault(found => found is not null)
                ?? throw new InvalidOperationException($"No service describes {route.RouteId}, which the gateway passes on.");
            paths.TryAdd(path, []);
            paths[path][method] = operation.DeepClone();
        }

        var merged = new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject { ["title"] = "ForgeShop", ["description"] = Description, ["version"] = "1" },
            ["paths"] = new JsonObject(paths.Select(path => KeyValuePair.Create(path.Key, (JsonNode?)path.Value))),
        };
        merged["components"] = ComponentsOf(merged["paths"]!, [gateway, .. services]);
        return merged;
    }

    public static string Text(JsonNode document) => document.ToJsonString(Written).ReplaceLineEndings("\n") + "\n";

    private static bool IsApi(RouteConfig route) => route.Match.Path!.StartsWith("/api/", StringComparison.Ordinal);

    private static string Trimmed(string path) => path.Length > 1 ? path.TrimEnd('/') : path;

    /// <summary>Returns what the paths refer to, directly or through other components.</summary>
    private static JsonObject ComponentsOf(JsonNode paths, IReadOnlyList<JsonObject> documents)
    {
        var found = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        var open = new Queue<string>(ReferencesIn(paths).Append("#/components/securitySchemes/bearer"));
        while (open.TryDequeue(out var reference))
        {
            if (found.ContainsKey(reference))
                continue;
            var meanings = documents.Select(document => Resolve(document, reference)).OfType<JsonNode>()
                .DistinctBy(meaning => meaning.ToJsonString()).ToList();
            found[reference] = meanings.Count == 1
                ? meanings[0].DeepClone()
                : throw new InvalidOperationException($"{reference} has {meanings.Count} meanings in the services: rename a type.");
            foreach (var next in ReferencesIn(meanings[0]))
                open.Enqueue(next);
        }

        var components = new JsonObject();
        foreach (var (reference, node) in found)
        {
            var parts = reference.Split('/');
            components.TryAdd(parts[2], new JsonObject());
            components[parts[2]]![parts[3]] = node;
        }

        return components;
    }

    internal static JsonNode? Resolve(JsonNode document, string reference) =>
        reference.Split('/').Skip(1).Aggregate((JsonNode?)document, (node, part) => node?[part]);

    private static IEnumerable<string> ReferencesIn(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => member.Key == "$ref" ? [(string)member.Value!] : ReferencesIn(member.Value)),
        JsonArray items => items.SelectMany(ReferencesIn),
        _ => [],
    };
}
