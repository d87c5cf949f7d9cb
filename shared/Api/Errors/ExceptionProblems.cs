using System.Data.Common;
using System.Text.RegularExpressions;
using ForgeShop.Forge;
using Microsoft.AspNetCore.Diagnostics;

namespace ForgeShop.Api;

/// <summary>The transient errors of the service's stores; HTTP returns 503 with Retry-After for them.</summary>
public sealed class OutageOptions
{
    /// <summary>Gets one condition for each kind of store.</summary>
    public IList<Func<Exception, bool>> Conditions { get; } = [];
}

/// <summary>
/// Maps exceptions to problem details: a client error gets its own code, anything else a 500 without internal details. Development has no
/// developer exception page, so the answers are the same there.
/// </summary>
internal sealed partial class ExceptionProblems(IOptions<OutageOptions> outages, ILogger<ExceptionProblems> logger)
    : IExceptionHandler, IDeveloperPageExceptionFilter
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var problem = Translate(exception);
        if (problem.StatusCode >= StatusCodes.Status500InternalServerError)
            LogFailure(logger, httpContext.Request.Method, Route(httpContext), exception);
        await problem.ExecuteAsync(httpContext);
        return true;
    }

    public async Task HandleExceptionAsync(ErrorContext errorContext, Func<ErrorContext, Task> next) =>
        await TryHandleAsync(errorContext.HttpContext, errorContext.Exception, errorContext.HttpContext.RequestAborted);

    // The exception handler removes the endpoint from the request before this code runs.
    private static string? Route(HttpContext context) =>
        ((context.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? context.GetEndpoint()) as RouteEndpoint)?.RoutePattern.RawText;

    private ProblemResult Translate(Exception exception) => exception switch
    {
        BadHttpRequestException bad => BadRequests.Translate(bad),
        _ when BadRequests.IsChunkTooLong(exception) => Problems.Status(StatusCodes.Status400BadRequest),
        ForgeKeyException key => Problems.Validation(key.Error.Field ?? "key", key.Error.ToString()),
        // U+0000 is valid in JSON but not in PostgreSQL text.
        _ when Causes(exception).Any(cause => cause is DbException { SqlState: "22021" or "22P05" }) =>
            Problems.BadRequest(Problems.ValidationFailed, "A text in the request has a character that cannot be stored."),
        _ when IsOutage(exception) => Problems.Unavailable(
            "service-unavailable", "A server that this request needs is unavailable. Try again in a moment."),
        _ => Problems.Status(StatusCodes.Status500InternalServerError),
    };

    private static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
            yield return cause;
    }

    private bool IsOutage(Exception exception) =>
        outages.Value.Conditions.Any(contains => contains(exception))
        || Causes(exception).Any(cause => cause is HttpRequestException or TimeoutException);

    [LoggerMessage(LogLevel.Error, "{Method} {Route} failed")]
    private static partial void LogFailure(ILogger logger, string method, string? route, Exception exception);
}

/// <summary>
/// Requests that the framework refuses while it binds parameters. The framework's messages quote the value, so only the field name is taken
/// from them.
/// </summary>
internal static partial class BadRequests
{
    public static ProblemResult Translate(BadHttpRequestException exception) => exception switch
    {
        { StatusCode: not StatusCodes.Status400BadRequest } => Problems.Status(exception.StatusCode),
        { InnerException: JsonException json } => Translate(json),
        _ when Unparsable().Match(exception.Message) is { Success: true } match =>
            Problems.Validation(match.Groups[1].Value, "This is not of the form that is expected here."),
        _ when Missing().Match(exception.Message) is { Success: true } match =>
            Problems.Validation(match.Groups[1].Value, "This is required."),
        _ when exception.Message.Contains("body", StringComparison.OrdinalIgnoreCase) =>
            Problems.Validation("body", "A JSON body is required."),
        _ => Problems.Status(StatusCodes.Status400BadRequest),
    };

    /// <summary>
    /// Returns whether the size of a chunk (RFC 9112, section 7.1) has more bits than Kestrel can count: its only refusal of a request that
    /// is not a <see cref="BadHttpRequestException"/>.
    /// </summary>
    public static bool IsChunkTooLong(Exception exception) => exception is IOException { InnerException: OverflowException };

    private static ProblemResult Translate(JsonException exception)
    {
        // An inner exception of the JSON reader means that the text is malformed. Otherwise the text is JSON of another shape.
        if (exception.InnerException is JsonException)
            return Problems.BadRequest(
                Problems.MalformedJson,
                $"The body is not valid JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}).");
        var field = exception.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : "body";
        if (exception.Message.Contains("could not be mapped", StringComparison.Ordinal))
            return Problems.Validation(field, "There is no such member, or it cannot be set here.");
        return Problems.Validation(
            field, exception is ValueException ? exception.Message : "This is not of the type or form that is expected here.");
    }

    [GeneratedRegex("""^Failed to bind parameter "(?:[^"]* )?([^" ]+)" from""")]
    private static partial Regex Unparsable();

    [GeneratedRegex("""^Required parameter "(?:[^"]* )?([^" ]+)" was not provided from (?!body)""")]
    private static partial Regex Missing();
}
