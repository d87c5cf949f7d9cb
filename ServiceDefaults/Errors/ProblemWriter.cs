using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace ForgeShop.ServiceDefaults.Errors;

/// <summary>
/// Writes every error (endpoints, router, exceptions, rate limiter, proxy) in one form. The framework's writer omits the body for clients
/// that do not accept JSON; this one writes it for all clients.
/// </summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    public const string ContentType = "application/problem+json";
    public const string TypePrefix = "https://forgeshop.example/problems/";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (problem, response) = (context.ProblemDetails, context.HttpContext.Response);
        var status = problem.Status ?? response.StatusCode;
        var (usualCode, usualDetail) = StatusProblems.Of(status);
        var code = problem.Extensions.TryGetValue("code", out var own) && own is string text ? text : usualCode;
        var body = new Body
        {
            // The type is the code as a URI; the title is the code in words.
            Type = TypePrefix + code,
            Title = Title(code),
            Status = status,
            Detail = problem.Detail ?? usualDetail,
            Code = code,
            TraceId = Activity.Current?.TraceId.ToHexString() ?? context.HttpContext.TraceIdentifier,
            Members = problem.Extensions.Where(member => member.Key is not ("code" or "traceId")).ToDictionary(),
        };
        response.StatusCode = status;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        if (status is 502 or 503 or 504 && response.Headers.RetryAfter.Count == 0)
            response.Headers.RetryAfter = $"{TimeBudgets.RetryAfter.TotalSeconds:0}";
        await response.WriteAsJsonAsync(body, Options, ContentType, context.HttpContext.RequestAborted);
    }

    public static string Title(string code) => char.ToUpperInvariant(code[0]) + code[1..].Replace('-', ' ');

    private sealed class Body
    {
        public required string Type { get; init; }
        public required string Title { get; init; }
        public required int Status { get; init; }
        public required string Detail { get; init; }
        public required string Code { get; init; }
        public required string TraceId { get; init; }

        [JsonExtensionData]
        public Dictionary<string, object?>? Members { get; init; }
    }
}
