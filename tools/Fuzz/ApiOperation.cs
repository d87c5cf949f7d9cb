using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace ForgeShop.Fuzz;

/// <summary>A call of the OpenAPI document.</summary>
public sealed class ApiOperation
{
    private readonly Dictionary<string, JsonSchema?> _answers = [];

    private ApiOperation(string method, string path, JsonObject operation, JsonNode schemas)
    {
        (Method, Path, Id) = (method.ToUpperInvariant(), path, (string?)operation["operationId"] ?? $"{method} {path}");
        Parameters = [.. (operation["parameters"] as JsonArray ?? []).Select(parameter => parameter!.AsObject())];
        NeedsToken = operation["security"] is JsonArray { Count: > 0 };
        var content = operation["requestBody"]?["content"]?.AsObject().FirstOrDefault();
        (ContentType, Example, BodySchema) = (content?.Key, content?.Value?["example"], content?.Value?["schema"]);
        foreach (var (status, answer) in operation["responses"]!.AsObject())
            _answers[status] = answer!["content"]?["application/json"]?["schema"] is JsonObject schema ? Schema(schema, schemas) : null;
    }

    public string Id { get; }

    public string Method { get; }

    public string Path { get; }

    public bool NeedsToken { get; }

    public IReadOnlyList<JsonObject> Parameters { get; }

    public string? ContentType { get; }

    public JsonNode? Example { get; }

    public JsonNode? BodySchema { get; }

    public static IReadOnlyList<ApiOperation> Of(JsonNode document) =>
    [
        .. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation =>
            new ApiOperation(operation.Key, path.Key, operation.Value!.AsObject(), document["components"]!["schemas"]!))),
    ];

    /// <summary>Returns why a success is not what the document says; null if it is.</summary>
    public string? WhyInvalid(RawAnswer answer)
    {
        if (!_answers.TryGetValue($"{answer.Status}", out var schema))
            return $"the document has no answer {answer.Status} for {Id}";
        if (schema is null || Method == "HEAD")
            return null;
        JsonElement body;
        try
        {
            body = JsonDocument.Parse(answer.Body).RootElement;
        }
        catch (JsonException error)
        {
            return "the answer is no JSON: " + error.Message;
        }

        var result = schema.Evaluate(body, new EvaluationOptions { OutputFormat = OutputFormat.List, RequireFormatValidation = true });
        if (result.IsValid)
            return null;
        var errors = (result.Details ?? []).Where(detail => detail.Errors is not null)
            .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Value}"));
        return "the answer is not of its schema: " + string.Join("; ", errors);
    }

    // In a schema of its own, the document's components are its definitions.
    private static JsonSchema Schema(JsonObject schema, JsonNode schemas)
    {
        var whole = new JsonObject { ["$defs"] = schemas.DeepClone(), ["allOf"] = new JsonArray(schema.DeepClone()) };
        return JsonSchema.FromText(whole.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal));
    }
}
