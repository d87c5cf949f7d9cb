using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace ForgeShop.ServiceDefaults.Requests;

/// <summary>
/// Refuses a query whose percent-encoding is broken or is not UTF-8. The framework would replace invalid bytes with U+FFFD or keep the
/// escape, so that two queries could derive the same key and the same ID.
/// </summary>
internal sealed class StrictQueries(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        foreach (var parameter in (context.Request.QueryString.Value ?? "").TrimStart('?').Split('&'))
        {
            if (!IsText(parameter))
                return Problems.Validation(NameOf(parameter), "This is not percent-encoded UTF-8.").ExecuteAsync(context);
        }

        return next(context);
    }

    private static bool IsText(ReadOnlySpan<char> encoded)
    {
        if (!encoded.Contains('%'))
            return true;
        var bytes = new byte[encoded.Length];
        var count = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] != '%')
                bytes[count++] = (byte)encoded[i];
            else if (i + 2 < encoded.Length && char.IsAsciiHexDigit(encoded[i + 1]) && char.IsAsciiHexDigit(encoded[i + 2]))
                (bytes[count++], i) = (Convert.FromHexString(encoded.Slice(i + 1, 2))[0], i + 2);
            else
                return false;
        }

        return Utf8.IsValid(bytes.AsSpan(0, count));
    }

    private static string NameOf(string parameter)
    {
        var name = parameter.Split('=')[0];
        return name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? name : "query";
    }
}
