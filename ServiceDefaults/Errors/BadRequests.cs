using System.Text.Json;
using System.Text.RegularExpressions;
using ForgeShop.Contracts;
using Microsoft.AspNetCore.Http;

namespace ForgeShop.ServiceDefaults.Errors;

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

    private static ProblemResult Translate(JsonException exception)
    {
        // An inner exception of the JSON reader means that the text is malformed. Otherwise the text is JSON of another shape.
        if (exception.InnerException is JsonException)
            return Problems.BadRequest(
                StatusProblems.MalformedJson,
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
