using System.Data.Common;
using ForgeShop.Forge;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.ServiceDefaults.Errors;

/// <summary>
/// Maps exceptions to problem details: a client error gets its own code, anything else a 500 without internal details. Development has no
/// developer exception page, so the answers are the same there.
/// </summary>
internal sealed partial class ExceptionProblems(IOptions<OutageOptions> outages, ILogger<ExceptionProblems> logger)
    : IExceptionHandler, IDeveloperPageExceptionFilter
{
    private const string OutageDetail = "A server that this request needs is unavailable. Try again in a moment.";

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
        ForgeKeyException key => Problems.Validation(key.Error.Field ?? "key", key.Error.ToString()),
        _ when Causes(exception).Any(IsUnstorableText) =>
            Problems.BadRequest(StatusProblems.ValidationFailed, "A text in the request has a character that cannot be stored."),
        _ when IsOutage(exception) => Problems.Unavailable("service-unavailable", OutageDetail, TimeBudgets.RetryAfter),
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

    // U+0000 is valid in JSON but not in PostgreSQL text.
    private static bool IsUnstorableText(Exception exception) => exception is DbException { SqlState: "22021" or "22P05" };

    [LoggerMessage(LogLevel.Error, "{Method} {Route} failed")]
    private static partial void LogFailure(ILogger logger, string method, string? route, Exception exception);
}
