using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.AspNetCore.Authentication.JwtBearer;

/// <summary>The bearer token of a request, validated by Microsoft.IdentityModel: the libraries that the original stands on, in the version that the feed has.</summary>
public class JwtBearerHandler(IOptionsMonitor<JwtBearerOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<JwtBearerOptions>(options, logger, encoder)
{
    private static readonly JsonWebTokenHandler Tokens = new();

    protected new JwtBearerEvents Events
    {
        get => (JwtBearerEvents)base.Events!;
        set => base.Events = value;
    }

    protected override Task<object> CreateEventsAsync() => Task.FromResult<object>(new JwtBearerEvents());

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || header["Bearer ".Length..].Trim() is not { Length: > 0 } token)
            return AuthenticateResult.NoResult();

        var validation = await ParametersAsync();
        var result = Tokens.ValidateToken(token, validation);
        if (!result.IsValid)
        {
            if (Options.RefreshOnIssuerKeyNotFound && result.Exception is SecurityTokenSignatureKeyNotFoundException)
                Options.ConfigurationManager?.RequestRefresh();
            return AuthenticateResult.Fail(result.Exception ?? new SecurityTokenException("The token is not valid."));
        }

        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(result.ClaimsIdentity), Scheme.Name));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var authentication = await HandleAuthenticateOnceSafeAsync();
        var challenge = new JwtBearerChallengeContext(Context, Scheme, Options, properties) { AuthenticateFailure = authentication.Failure };
        await Events.Challenge(challenge);
        if (challenge.Handled)
            return;
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.Append("WWW-Authenticate", authentication.Failure is null ? "Bearer" : "Bearer error=\"invalid_token\"");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status403Forbidden;
        return Events.Forbidden(new ForbiddenContext(Context, Scheme, Options));
    }

    private async Task<TokenValidationParameters> ParametersAsync()
    {
        var parameters = Options.TokenValidationParameters.Clone();
        if (Options.ConfigurationManager is null)
            return parameters;
        var configuration = await Options.ConfigurationManager.GetConfigurationAsync(Context.RequestAborted);
        parameters.ValidIssuers = [.. parameters.ValidIssuers ?? [], configuration.Issuer];
        parameters.IssuerSigningKeys = [.. parameters.IssuerSigningKeys ?? [], .. configuration.SigningKeys];
        return parameters;
    }
}
