using Microsoft.AspNetCore.WebUtilities;

namespace ForgeShop.ServiceDefaults.Errors;

/// <summary>Codes and texts for errors that the server, the router or the proxy returned, and no endpoint.</summary>
internal static class StatusProblems
{
    public const string ValidationFailed = "validation-failed";
    public const string MalformedJson = "malformed-json";

    public static (string Code, string Detail) Of(int status) => status switch
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
        _ => (ReasonCode(status), "The request was refused."),
    };

    private static string ReasonCode(int status) =>
        ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } reason
            ? reason.ToLowerInvariant().Replace("'", "").Replace(' ', '-')
            : $"status-{status}";
}
