using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Net.Http.Headers;

namespace ForgeShop.Api;

/// <summary>Compares If-Match and If-None-Match of a write with the stored state, in the transaction, after the lock.</summary>
public static class Preconditions
{
    /// <summary>Returns why the write is refused; null if it is allowed.</summary>
    /// <param name="current">The current answer to a GET; null if the resource does not exist.</param>
    public static IResult? Check<T>(HttpContext http, T? current) where T : class
    {
        var headers = http.Request.Headers;
        if (headers.IfMatch.Count == 0 && headers.IfNoneMatch.Count == 0)
            return null;
        var json = http.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        var tag = current is null ? null : TagOf(JsonSerializer.SerializeToUtf8Bytes(current, json.GetTypeInfo(typeof(T))));
        return Evaluate(http.Request, tag);
    }

    internal static IResult? Evaluate(HttpRequest request, EntityTagHeaderValue? current)
    {
        if (request.Headers.IfMatch is { Count: > 0 } match)
        {
            if (!EntityTagHeaderValue.TryParse(match[0], out var expected))
                return Problems.Validation("If-Match", "This is no ETag: send one as the GET gave it, in double quotes, or *.");
            if (current is null || (expected.Tag != "*" && !expected.Compare(current, useStrongComparison: true)))
                return Failed("It has changed since the GET that gave this ETag, or does not exist. Read it again.");
        }

        if (request.Headers.IfNoneMatch.Count == 0 || current is null
            || !EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch.OfType<string>().ToList(), out var unwanted)
            || !unwanted.Any(tag => tag.Tag == "*" || tag.Compare(current, useStrongComparison: false)))
            return null;
        return HttpMethods.IsGet(request.Method)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : Failed("There is one already.");
    }

    /// <summary>Returns the strong ETag of an answer: a hash of its bytes, so that all replicas give equal answers equal tags.</summary>
    internal static EntityTagHeaderValue TagOf(ReadOnlySpan<byte> body) =>
        new($"\"{Base64Url.EncodeToString(SHA256.HashData(body).AsSpan(0, 16))}\"");

    private static ProblemResult Failed(string detail) => Problems.Status(StatusCodes.Status412PreconditionFailed, detail);
}
