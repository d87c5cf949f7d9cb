using System.Net;

namespace ForgeShop.Services.Tests;

/// <summary>The token endpoint as a client of the shop calls it.</summary>
public static class OAuth
{
    public static Task<Answer> Token(this HttpClient http, string? address, params (string Name, string Value)[] fields) => http.Send(
        HttpMethod.Post, "/connect/token", Form(fields), address is null ? [] : [("X-Forwarded-For", address)]);

    public static Task<Answer> LogIn(this HttpClient http, string email, string password, string? address = null) =>
        http.Token(address, ("client_id", "shop"), ("grant_type", "password"), ("username", email), ("password", password));

    public static Task<Answer> Refresh(this HttpClient http, string refreshToken, string? scope = null) => http.Token(
        null,
        [("client_id", "shop"), ("grant_type", "refresh_token"), ("refresh_token", refreshToken), .. scope is null ? []
            : new[] { ("scope", scope) }]);

    public static Task<Answer> Revoke(this HttpClient http, string token) =>
        http.Send(HttpMethod.Post, "/connect/revoke", Form(("client_id", "shop"), ("token", token)));

    /// <summary>An error as RFC 6749 section 5.2 writes it, with the shop's stable code where the shop itself refuses.</summary>
    public static void ShouldBeOAuthError(this Answer answer, HttpStatusCode status, string error, string? code = null)
    {
        answer.ShouldBe(status);
        answer.Message.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        answer.Text("error").ShouldBe(error);
        if (code is not null)
            answer.Code.ShouldBe(code);
    }

    public static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) =>
        new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
}
