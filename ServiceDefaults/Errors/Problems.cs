using ForgeShop.ServiceDefaults.Errors;
using Microsoft.AspNetCore.Http;

namespace ForgeShop.ServiceDefaults;

/// <summary>
/// Errors as RFC 9457 problem details, to be returned by an endpoint. The code is kebab-case and stable; clients decide by it. The detail
/// is for humans and contains no personal data and no keys.
/// </summary>
public static class Problems
{
    public static ProblemResult BadRequest(string code, string detail) => new(StatusCodes.Status400BadRequest, code, detail);

    public static ProblemResult Unauthorized(string code, string detail) => new(StatusCodes.Status401Unauthorized, code, detail);

    public static ProblemResult Forbidden(string code, string detail) => new(StatusCodes.Status403Forbidden, code, detail);

    public static ProblemResult NotFound(string code, string detail) => new(StatusCodes.Status404NotFound, code, detail);

    public static ProblemResult Conflict(string code, string detail) => new(StatusCodes.Status409Conflict, code, detail);

    public static ProblemResult Unprocessable(string code, string detail) => new(StatusCodes.Status422UnprocessableEntity, code, detail);

    /// <summary>429: the caller exceeds a limit.</summary>
    public static ProblemResult TooManyRequests(string code, string detail, TimeSpan retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, code, detail) { RetryAfter = retryAfter };

    /// <summary>503: the same request can succeed later.</summary>
    public static ProblemResult Unavailable(string code, string detail, TimeSpan? retryAfter = null) =>
        new(StatusCodes.Status503ServiceUnavailable, code, detail) { RetryAfter = retryAfter };

    /// <summary>400 <c>validation-failed</c>: messages by field. The field names are those of the request (<c>items[0].sku</c>).</summary>
    public static ProblemResult Validation(IReadOnlyDictionary<string, string[]> errors) =>
        Validation(
            errors, StatusCodes.Status400BadRequest, StatusProblems.ValidationFailed,
            "Something in the request is missing or wrong; see errors.");

    /// <summary>400 <c>validation-failed</c> for one field.</summary>
    public static ProblemResult Validation(string field, string message) =>
        Validation(new Dictionary<string, string[]> { [field] = [message] });

    /// <summary>Returns the problem of a status without a specific cause, for example 405 <c>method-not-allowed</c>.</summary>
    public static ProblemResult Status(int status, string? detail = null)
    {
        var (code, usual) = StatusProblems.Of(status);
        return new ProblemResult(status, code, detail ?? usual);
    }

    internal static ProblemResult Validation(IReadOnlyDictionary<string, string[]> errors, int status, string code, string detail) =>
        new ProblemResult(status, code, detail).With("errors", errors);
}
