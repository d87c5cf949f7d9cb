using System.Net;
using Microsoft.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace ForgeShop.Users;

/// <summary>
/// GET and POST /connect/authorize: the login page of the authorization code flow with PKCE. OpenIddict has validated client, redirect URI
/// and challenge before. The page keeps no cookie: its form sends the whole authorization request again, with address and password, and the
/// answer is the redirect.
/// </summary>
public static class AuthorizeEndpoint
{
    public const string Path = "/connect/authorize";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapMethods(Path, [HttpMethods.Get, HttpMethods.Post], Handle)
        .WithName("Authorize")
        .WithSummary("Shows the login page and redirects with an authorization code (PKCE with S256 is required).")
        .WithTags("Identity")
        .Produces(StatusCodes.Status200OK, contentType: "text/html")
        .Produces(StatusCodes.Status302Found)
        .DisableAntiforgery()
        .AllowAnonymous();

    private static async Task<IResult> Handle(HttpContext http, PasswordLogin login, CancellationToken cancellationToken)
    {
        // An error that must not be redirected: the redirect URI itself is wrong.
        if (http.GetOpenIddictServerResponse() is { Error: { } error } refused)
            return Problems.BadRequest(error.Replace('_', '-'), refused.ErrorDescription ?? "The authorization request is invalid.");
        var request = http.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("OpenIddict did not see this request.");
        if (!HttpMethods.IsPost(http.Request.Method) || request.Username is null || request.Password is null)
        {
            return request.HasPromptValue(PromptValues.None)
                ? TokenEndpoint.Refuse(Errors.LoginRequired, "login-required", "The user must enter a password.")
                : Page(http, request, StatusCodes.Status200OK, null);
        }

        var result = await login.LogInAsync(request, http, cancellationToken);
        if (result.Principal is { } user)
            return TokenEndpoint.SignIn(user);
        if (result.RetryAfter is not { } pause)
            return Page(http, request, StatusCodes.Status400BadRequest, result.Refusal.Detail);
        var seconds = Math.Ceiling(pause.TotalSeconds);
        http.Response.Headers.RetryAfter = $"{seconds}";
        return Page(http, request, StatusCodes.Status429TooManyRequests, $"Too many failed logins. Try again in {seconds} seconds.");
    }

    private static IResult Page(HttpContext http, OpenIddictRequest request, int status, string? error)
    {
        var headers = http.Response.Headers;
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XContentTypeOptions = "nosniff";
        var typed = Encode(request.Username ?? request.LoginHint ?? "");
        var hidden = new StringBuilder();
        foreach (var (name, value) in request.GetParameters())
        {
            if (name is not (Parameters.Username or Parameters.Password) && (string?)value is { } text)
                hidden.Append($"""<input type="hidden" name="{Encode(name)}" value="{Encode(text)}">""").Append('\n');
        }

        return Results.Content(
            $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Log in to ForgeShop</title>
            <style>
            body { font-family: system-ui, sans-serif; max-width: 22rem; margin: 15vh auto; padding: 0 1rem }
            label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit }
            input, button { padding: .5rem; margin: .25rem 0 1rem }
            </style>
            </head>
            <body>
            <h1>Log in to ForgeShop</h1>
            {{(error is null ? "" : $"""<p role="alert">{Encode(error)}</p>""")}}
            <form method="post" action="{{Path}}">
            {{hidden}}
            <label for="username">E-mail address</label>
            <input id="username" name="username" type="email" autocomplete="username" required autofocus value="{{typed}}">
            <label for="password">Password</label>
            <input id="password" name="password" type="password" autocomplete="current-password" required>
            <button type="submit">Log in</button>
            </form>
            </body>
            </html>
            """,
            "text/html", Encoding.UTF8, status);
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
