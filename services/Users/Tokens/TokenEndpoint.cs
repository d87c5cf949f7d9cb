using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace ForgeShop.Users;

/// <summary>
/// POST /connect/token. OpenIddict has authenticated the client and validated the code or refresh token before, and issues the tokens
/// afterwards. This endpoint determines the principal.
/// </summary>
public static class TokenEndpoint
{
    public const string Path = "/connect/token";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost(Path, Handle)
        .WithName("GetToken")
        .WithSummary("Issues tokens by OAuth 2.0: grant types password, authorization_code, refresh_token and client_credentials.")
        .WithTags("Identity")
        .Accepts<IFormCollection>("application/x-www-form-urlencoded")
        .Produces(StatusCodes.Status200OK, contentType: "application/json")
        .Produces(StatusCodes.Status400BadRequest, contentType: "application/json")
        .Produces(StatusCodes.Status401Unauthorized, contentType: "application/json")
        .ProducesProblem(StatusCodes.Status429TooManyRequests)
        .DisableAntiforgery()
        .AllowAnonymous();

    /// <summary>Refuses with an OAuth error and the shop's stable code.</summary>
    public static IResult Refuse(string error, string code, string detail) => Results.Forbid(
        new AuthenticationProperties(
            new Dictionary<string, string?>
            {
                [OpenIddictServerAspNetCoreConstants.Properties.Error] = error,
                [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = detail,
                [OpenIddictServerAspNetCoreConstants.Properties.ErrorUri] = $"https://forgeshop.example/problems/{code}",
            },
            new Dictionary<string, object?> { ["code"] = code }),
        [OpenIddictServerAspNetCoreDefaults.AuthenticationScheme]);

    public static IResult SignIn(ClaimsPrincipal principal) =>
        Results.SignIn(principal, authenticationScheme: OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);

    private static async Task<IResult> Handle(
        HttpContext http, PasswordLogin login, UserSessions sessions, IOptions<AuthenticationSettings> settings,
        CancellationToken cancellationToken)
    {
        var request = http.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("OpenIddict did not see this request.");
        if (request.IsClientCredentialsGrantType())
            return SignIn(Service(request.ClientId!, settings.Value.Audience));
        if (request.IsPasswordGrantType())
        {
            var result = await login.LogInAsync(request, http, cancellationToken);
            if (result.RetryAfter is { } pause)
                return LoginThrottle.TooManyAttempts(pause);
            return result.Principal is { } user ? SignIn(user) : Refuse(Errors.InvalidGrant, result.Refusal.Code, result.Refusal.Detail);
        }

        var token = (await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme)).Principal!;
        return await sessions.ContinueAsync(token, cancellationToken) is { } continued
            ? SignIn(continued)
            : Refuse(Errors.InvalidGrant, "session-ended", "This session has ended. Log in again.");
    }

    private static ClaimsPrincipal Service(string name, string audience)
    {
        var identity = new ClaimsIdentity(TokenValidationParameters.DefaultAuthenticationType, Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, name).SetScopes(Clients.ScopesOf(name)).SetResources(audience);
        return new ClaimsPrincipal(identity);
    }
}
