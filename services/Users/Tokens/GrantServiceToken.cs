using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Serialization;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Users;

/// <summary>
/// POST /internal/token: a service's own token, by OAuth 2.0 client credentials (RFC 6749 section 4.4) with HTTP Basic, so that any
/// OAuth library can ask. Not routed from outside.
/// </summary>
public static class GrantServiceToken
{
    public sealed record Granted(
        [property: JsonPropertyName("access_token")] string AccessToken,
        [property: JsonPropertyName("token_type")] string TokenType,
        [property: JsonPropertyName("expires_in")] int ExpiresIn);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/internal/token", Handle)
        .WithName("GrantServiceToken")
        .WithSummary("For other services: an access token for a client's credentials.")
        .Accepts<IFormCollection>("application/x-www-form-urlencoded")
        .Produces<Granted>()
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .AllowAnonymous();

    private static async Task<IResult> Handle(HttpContext http, ServiceClients clients, AccessTokens tokens, CancellationToken cancellationToken)
    {
        if (!http.Request.HasFormContentType)
            return Problems.Status(StatusCodes.Status415UnsupportedMediaType, "The body has to be application/x-www-form-urlencoded.");
        if (await TryReadFormAsync(http.Request, cancellationToken) is not { } form)
            return Problems.BadRequest("malformed-form", "The form has too many fields, or too long ones.");
        if (form["grant_type"] != "client_credentials")
            return Problems.BadRequest("unsupported-grant-type", "The grant_type has to be client_credentials.");
        if (!TryReadCredentials(http.Request.Headers.Authorization, out var name, out var secret) || !clients.Knows(name, secret))
        {
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"services\"";
            return Problems.Unauthorized("invalid-client", "These are not a client's credentials.");
        }

        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new Granted(await tokens.ForServiceAsync(name, cancellationToken), "Bearer", tokens.ExpiresIn));
    }

    private static async Task<IFormCollection?> TryReadFormAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await request.ReadFormAsync(cancellationToken);
        }
        catch (InvalidDataException) // more than the framework reads
        {
            return null;
        }
    }

    private static bool TryReadCredentials(string? header, out string name, out string secret)
    {
        (name, secret) = ("", "");
        if (!AuthenticationHeaderValue.TryParse(header, out var basic) || !basic.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
            return false;
        var bytes = new byte[basic.Parameter?.Length ?? 0];
        if (!Convert.TryFromBase64String(basic.Parameter ?? "", bytes, out var length))
            return false;
        if (Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is not [var first, var second])
            return false;
        (name, secret) = (Uri.UnescapeDataString(first), Uri.UnescapeDataString(second));
        return true;
    }
}
