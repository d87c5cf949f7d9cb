using System.Text.Json;
using System.Text.Json.Nodes;

namespace ForgeShop.Fuzz;

/// <summary>What must hold for every answer.</summary>
internal sealed class Oracle(IReadOnlyList<ApiOperation> operations)
{
    /// <summary>What Kestrel answers before the shop's code runs: a status without a body (docs/http-api.md).</summary>
    private static readonly int[] BeforeThePipeline = [400, 405, 408, 411, 414, 431, 501, 505];

    /// <summary>Returns what is wrong with an answer; null if nothing is.</summary>
    public string? Judge(RawRequest request, RawAnswer answer) => answer.Status switch
    {
        0 => "the connection ended without an answer",
        _ when BeforeThePipeline.Contains(answer.Status) && answer.Body.Length == 0 && answer.ContentType.Length == 0 => null,
        >= 500 => $"status {answer.Status}",
        >= 400 => request.Method == "HEAD" ? null : WhyNoProblem(answer),
        >= 200 and < 300 => OperationOf(request)?.WhyInvalid(answer),
        _ => null,
    };

    /// <summary>Returns the operation that a request addresses, as far as its target is plain.</summary>
    public ApiOperation? OperationOf(RawRequest request)
    {
        var segments = request.Target.Split('?')[0].Split('/');
        return operations.FirstOrDefault(operation => operation.Method == request.Method && Matches(operation.Path.Split('/'), segments));
    }

    private static bool Matches(string[] pattern, string[] segments) =>
        pattern.Length == segments.Length
        && pattern.Zip(segments).All(pair => pair.First == pair.Second || (pair.First.StartsWith('{') && pair.Second.Length > 0));

    private static string? WhyNoProblem(RawAnswer answer)
    {
        if (answer.ContentType != "application/problem+json")
            return $"status {answer.Status} is no problem+json";
        try
        {
            return JsonNode.Parse(answer.Body) is JsonObject body
                && (string?)body["code"] is { Length: > 0 } && (int?)body["status"] == answer.Status
                ? null
                : $"status {answer.Status} has no code";
        }
        catch (JsonException)
        {
            return $"status {answer.Status} is no JSON";
        }
    }
}
