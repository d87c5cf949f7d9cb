using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace ForgeShop.Api;

/// <summary>Refuses a request that two readers could understand differently: its headers, its query or the encoding of its body.</summary>
public sealed partial class RequestRules(RequestDelegate next)
{
    private const string OneValue = "This header has one value: send it once, and a value that contains a comma in double quotes.";

    private static readonly string[] Singletons = ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID"];

    public Task InvokeAsync(HttpContext context) =>
        (RefuseHeaders(context.Request) ?? RefuseQuery(context.Request) ?? RefuseBody(context)) is { } problem
            ? problem.ExecuteAsync(context)
            : next(context);

    /// <summary>Refuses a header that has one value and comes twice, also as lines that a proxy has joined by a comma.</summary>
    private static ProblemResult? RefuseHeaders(HttpRequest request) =>
        Singletons.FirstOrDefault(name => request.Headers.TryGetValue(name, out var values)
            && (values.Count > 1 || QuotedText().Replace(values[0] ?? "", "").Contains(',', StringComparison.Ordinal))) is { } twice
            ? Problems.Validation(twice, OneValue)
            : null;

    /// <summary>Refuses invalid UTF-8: the framework would map two queries to the same key, and so to the same ID.</summary>
    private static ProblemResult? RefuseQuery(HttpRequest request) =>
        (request.QueryString.Value ?? "").TrimStart('?').Split('&').FirstOrDefault(parameter => !IsText(parameter)) is { } broken
            ? Problems.Validation(
                ParameterName().Match(broken) is { Success: true } name ? name.Value : "query", "This is not percent-encoded UTF-8.")
            : null;

    private static bool IsText(string encoded) => !encoded.Contains('%', StringComparison.Ordinal)
        || (!BrokenEscape().IsMatch(encoded)
            && Utf8.IsValid(WebUtility.UrlDecodeToBytes(Encoding.Latin1.GetBytes(encoded), 0, encoded.Length)));

    /// <summary>
    /// No endpoint decodes a content coding. JSON is UTF-8 (RFC 8259): another charset is refused, and a charset in quotes is accepted; the
    /// framework would fail on both.
    /// </summary>
    private static ProblemResult? RefuseBody(HttpContext context)
    {
        var request = context.Request;
        if (!request.Headers.ContentEncoding.All(coding => "identity".Equals(coding, StringComparison.OrdinalIgnoreCase)))
        {
            // RFC 7694: the header names the codings that are accepted.
            context.Response.Headers.AcceptEncoding = "identity";
            return Problems.Status(StatusCodes.Status415UnsupportedMediaType, "Send the body without a Content-Encoding.");
        }

        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || type.CharSet is not { } charset)
            return null;
        if (!charset.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return Problems.Status(StatusCodes.Status415UnsupportedMediaType, "The body has to be application/json in UTF-8.");
        type.CharSet = "utf-8";
        request.ContentType = type.ToString();
        return null;
    }

    [GeneratedRegex("""
        "(?:[^"\\]|\\.?)*(?:"|$)
        """, RegexOptions.Singleline)]
    private static partial Regex QuotedText();

    [GeneratedRegex("%(?![0-9A-Fa-f]{2})")]
    private static partial Regex BrokenEscape();

    [GeneratedRegex("^[A-Za-z0-9_-]+(?==|$)")]
    private static partial Regex ParameterName();
}
