using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;
using Microsoft.Net.Http.Headers;

namespace ForgeShop.ServiceDefaults;

/// <summary>Writes 401 and 403 with the header of RFC 6750. The answer does not say why a token is invalid.</summary>
internal sealed class AccessProblems : JwtBearerEvents
{
    /// <summary>Without the issuer's keys no token can be verified: 503 and not 401, because the same request can succeed later.</summary>
    /// <exception cref="HttpRequestException">The keys have never been read, and cannot be read now.</exception>
    public override async Task MessageReceived(MessageReceivedContext context)
    {
        if (context.Options.ConfigurationManager is not { } keys || context.Request.Headers.Authorization.Count == 0)
            return;
        try
        {
            await keys.GetConfigurationAsync(context.HttpContext.RequestAborted);
        }
        catch (InvalidOperationException error)
        {
            throw new HttpRequestException("The keys that access tokens are verified with cannot be read.", error);
        }
    }

    public override async Task Challenge(JwtBearerChallengeContext context)
    {
        context.HandleResponse();
        context.Response.Headers[HeaderNames.WWWAuthenticate] = context.AuthenticateFailure is null
            ? "Bearer"
            : "Bearer error=\"invalid_token\"";
        var problem = context.AuthenticateFailure switch
        {
            null => Problems.Status(StatusCodes.Status401Unauthorized),
            SecurityTokenExpiredException =>
                Problems.Unauthorized("token-expired", "The access token has expired; the refresh token gives a new one."),
            _ => Problems.Unauthorized("invalid-token", "The access token is not valid here."),
        };
        await problem.ExecuteAsync(context.HttpContext);
    }

    public override async Task Forbidden(ForbiddenContext context)
    {
        context.Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer error=\"insufficient_scope\"";
        await Problems.Status(StatusCodes.Status403Forbidden).ExecuteAsync(context.HttpContext);
    }
}
