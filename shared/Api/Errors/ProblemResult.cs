using System.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace ForgeShop.Api;

public sealed class ProblemResult(int status, string code, string detail) : IResult, IStatusCodeHttpResult
{
    /// <summary>Gets the time after which to retry; sent in whole seconds, rounded up.</summary>
    public TimeSpan? RetryAfter { get; set; }

    public int? StatusCode => Body.Status;

    private ProblemDetails Body { get; } = new() { Status = status, Detail = detail, Extensions = { ["code"] = code } };

    public ProblemResult With(string member, object value)
    {
        Body.Extensions[member] = value;
        return this;
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (RetryAfter is { } pause)
            httpContext.Response.Headers.RetryAfter = ((int)Math.Max(1, Math.Ceiling(pause.TotalSeconds))).ToString();
        return ProblemWriter.WriteAsync(httpContext, Body);
    }
}

/// <summary>
/// Writes every error (endpoints, router, exceptions, rate limiter, proxy) in one form. The framework's writer omits the body for clients
/// that do not accept JSON; this one writes it for all clients.
/// </summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    public const string ContentType = "application/problem+json";
    public const string TypePrefix = "https://forgeshop.example/problems/";
    private const string RetrySeconds = "2";

    public bool CanWrite(ProblemDetailsContext context) => true;

    public ValueTask WriteAsync(ProblemDetailsContext context) => new(WriteAsync(context.HttpContext, context.ProblemDetails));

    public static async Task WriteAsync(HttpContext context, ProblemDetails problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status ??= response.StatusCode;
        var (usualCode, usualDetail) = Problems.Usual(response.StatusCode);
        var code = problem.Extensions.TryGetValue("code", out var own) && own is string text ? text : usualCode;
        // The type is the code as a URI; the title is the code in words.
        (problem.Type, problem.Title, problem.Detail) = (TypePrefix + code, Title(code), problem.Detail ?? usualDetail);
        problem.Extensions["code"] = code;
        problem.Extensions["traceId"] = Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;
        response.Headers.CacheControl = "no-store";
        if (response is { StatusCode: 502 or 503 or 504, Headers.RetryAfter.Count: 0 })
            response.Headers.RetryAfter = RetrySeconds;
        // With its length: to a client of HTTP/1.0 the close is the end, and after a body that never came the close is a reset.
        var body = JsonSerializer.SerializeToUtf8Bytes(problem, JsonSerializerOptions.Web);
        (response.ContentType, response.ContentLength) = (ContentType, body.Length);
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    public static string Title(string code) => char.ToUpperInvariant(code[0]) + code[1..].Replace('-', ' ');
}
