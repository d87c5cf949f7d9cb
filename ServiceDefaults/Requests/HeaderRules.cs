using Microsoft.AspNetCore.Http;

namespace ForgeShop.ServiceDefaults.Requests;

/// <summary>
/// Refuses a request whose headers have no single meaning. A header that has one value and comes twice is refused, also where a proxy has
/// joined the lines by a comma: two readers could take different values. A body with a content coding is refused, because no endpoint
/// decodes one.
/// </summary>
internal sealed class HeaderRules(RequestDelegate next)
{
    private const string OneValue = "This header has one value: send it once, and a value that contains a comma in double quotes.";

    private static readonly string[] Singletons = ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID"];

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        foreach (var name in Singletons)
        {
            if (headers.TryGetValue(name, out var values) && (values.Count > 1 || HasComma(values[0])))
                return Problems.Validation(name, OneValue).ExecuteAsync(context);
        }

        if (headers.ContentEncoding.All(coding => "identity".Equals(coding, StringComparison.OrdinalIgnoreCase)))
            return next(context);
        // RFC 7694: the header names the codings that are accepted.
        context.Response.Headers.AcceptEncoding = "identity";
        return Problems.Status(StatusCodes.Status415UnsupportedMediaType, "Send the body without a Content-Encoding.")
            .ExecuteAsync(context);
    }

    /// <summary>Returns whether there is a comma outside of double quotes.</summary>
    private static bool HasComma(string? value)
    {
        var isQuoted = false;
        for (var i = 0; i < value?.Length; i++)
        {
            if (value[i] == '"')
                isQuoted = !isQuoted;
            else if (value[i] == '\\' && isQuoted)
                i++;
            else if (value[i] == ',' && !isQuoted)
                return true;
        }

        return false;
    }
}
