using Microsoft.AspNetCore.WebUtilities;

namespace ForgeShop.Api;

/// <summary>
/// Errors as RFC 9457 problem details, to be returned by an endpoint. The code is kebab-case and stable; clients decide by it. The detail
/// is for humans and contains no personal data and no keys.
/// </summary>
public static class Problems
{
    internal const string ValidationFailed = "validation-failed";
    internal const string MalformedJson = "malformed-json";

    public static ProblemResult BadRequest(string code, string detail) => new(StatusCodes.Status400BadRequest, code, detail);

    public static ProblemResult Unauthorized(string code, string detail) => new(StatusCodes.Status401Unauthorized, code, detail);

    public static ProblemResult Forbidden(string code, string detail) => new(StatusCodes.Status403Forbidden, code, detail);

    public static ProblemResult NotFound(string code, string detail) => new(StatusCodes.Status404NotFound, code, detail);

    public static ProblemResult Conflict(string code, string detail) => new(StatusCodes.Status409Conflict, code, detail);

    public static ProblemResult Unprocessable(string code, string detail) => new(StatusCodes.Status422UnprocessableEntity, code, detail);

    /// <summary>503: the same request can succeed later, by default after 2 s.</summary>
    public static ProblemResult Unavailable(string code, string detail, TimeSpan? retryAfter = null) =>
        new(StatusCodes.Status503ServiceUnavailable, code, detail) { RetryAfter = retryAfter };

    /// <summary>400 <c>validation-failed</c> for one field.</summary>
    public static ProblemResult Validation(string field, string message)
    {
        var errors = new ValidationErrors();
        errors.Add(field, message);
        return errors.ToProblem();
    }

    /// <summary>Returns the problem of a status without a specific cause, for example 405 <c>method-not-allowed</c>.</summary>
    public static ProblemResult Status(int status, string? detail = null)
    {
        var (code, usual) = Usual(status);
        return new ProblemResult(status, code, detail ?? usual);
    }

    /// <summary>Returns code and text of an error that the server, the router or the proxy returned, and no endpoint.</summary>
    internal static (string Code, string Detail) Usual(int status) => status switch
    {
        400 => ("bad-request", "The request cannot be understood."),
        401 => ("unauthorized", "This needs a valid access token."),
        403 => ("forbidden", "You may not do this."),
        404 => ("not-found", "There is nothing at this address."),
        405 => ("method-not-allowed", "This address does not answer to this method; the Allow header names those it does."),
        408 => ("request-timeout", "The request did not arrive in time."),
        413 => ("body-too-large", "The body is too large."),
        415 => ("unsupported-media-type", "The body has to be application/json."),
        429 => ("too-many-requests", "Too many requests; wait for the number of seconds in the Retry-After header."),
        500 => ("internal-error", "Something went wrong on our side. The trace ID finds it in the logs."),
        502 => ("service-unreachable", "The service behind this address cannot be reached right now."),
        503 => ("service-unavailable", "This cannot be answered right now. Try again."),
        504 => ("service-timeout", "The service behind this address did not answer in time."),
        _ when ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } reason =>
            (reason.ToLowerInvariant().Replace("'", "").Replace(' ', '-'), "The request was refused."),
        _ => ($"status-{status}", "The request was refused."),
    };
}

/// <summary>Collects all validation errors of a request by field, so that one response lists them all.</summary>
public sealed class ValidationErrors
{
    private readonly Dictionary<string, string[]> _messages = [];

    public bool Any => _messages.Count > 0;

    /// <summary>Adds a message to a field, named as in the request (<c>items[0].sku</c>); null adds nothing.</summary>
    public void Add(string field, string? message)
    {
        if (message is not null)
            _messages[field] = [.. _messages.GetValueOrDefault(field, []).Append(message).Distinct()];
    }

    /// <summary>Returns 400 <c>validation-failed</c>, or another status for values that are well-formed but cannot be processed.</summary>
    public ProblemResult ToProblem(
        int status = StatusCodes.Status400BadRequest, string code = Problems.ValidationFailed,
        string detail = "Something in the request is missing or wrong; see errors.") =>
        new ProblemResult(status, code, detail).With("errors", _messages);
}
