using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace ForgeShop.ServiceDefaults.Requests;

/// <summary>
/// JSON is UTF-8 (RFC 8259). Another charset is refused, and a charset in quotes is accepted; the framework would fail on both.
/// </summary>
internal sealed class Utf8Bodies(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || type.CharSet is null)
            return next(context);
        if (!type.CharSet.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return Problems.Status(StatusCodes.Status415UnsupportedMediaType, "The body has to be application/json in UTF-8.")
                .ExecuteAsync(context);
        type.CharSet = "utf-8";
        context.Request.ContentType = type.ToString();
        return next(context);
    }
}
