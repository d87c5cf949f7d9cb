using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.ServiceDefaults;

internal static class AuthenticationExtensions
{
    /// <summary>Accepts the access tokens of the shop, or those of another identity provider.</summary>
    public static void AddAccessTokens(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<AuthenticationSettings>().BindConfiguration(AuthenticationSettings.Section)
            .Validate(
                settings => settings.Issuer is null ? settings.Authority is not null : IsOrigin(settings.Issuer),
                "Authentication:Issuer is required: the gateway's public address, such as https://shop.example, without path or trailing "
                + "slash.")
            .Validate(
                settings => settings.Algorithms.All(algorithm => algorithm is [('E' or 'P' or 'R'), 'S', .. "256" or "384" or "512"]),
                "Authentication:Algorithms are signatures: ES256, RS256, PS256 and their like.")
            .Validate(settings => settings.UserFrom is "sub" or "email", "Authentication:UserFrom is sub or email.")
            .ValidateOnStart();
        services.AddSingleton<ServiceTokens>();
        services.AddSingleton<AccessProblems>();
        services.AddSingleton<VerifiedTokens>();
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(_ => { });
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<AuthenticationSettings>, IHttpMessageHandlerFactory, VerifiedTokens>((bearer, settings, handlers, tokens) =>
            {
                Configure(bearer, settings.Value, handlers);
                bearer.TokenHandlers.Clear();
                bearer.TokenHandlers.Add(tokens);
            });
    }

    private static bool IsOrigin(string issuer) =>
        Uri.TryCreate(issuer, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri.GetLeftPart(UriPartial.Authority) == issuer;

    private static void Configure(JwtBearerOptions bearer, AuthenticationSettings settings, IHttpMessageHandlerFactory handlers)
    {
        bearer.MapInboundClaims = false;
        bearer.EventsType = typeof(AccessProblems);
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAudience = settings.Audience,
            // One algorithm only: "none" and signatures keyed with the public key are refused.
            ValidAlgorithms = settings.Algorithms is { Length: > 0 } others ? others : [SecurityAlgorithms.EcdsaSha256],
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ClockSkew = TimeSpan.FromSeconds(10),
        };
        // A new key is published an hour before it signs. An unknown key ID reloads the key set, but not for every token that has one.
        bearer.AutomaticRefreshInterval = TimeSpan.FromMinutes(5);
        bearer.RefreshInterval = TimeSpan.FromSeconds(10);
        bearer.BackchannelTimeout = TimeSpan.FromSeconds(5);
        bearer.Authority = settings.Authority ?? settings.Issuer;
        bearer.RequireHttpsMetadata = settings.Authority is not null && settings.RequireHttps;
        if (settings.Authority is not null)
            return;

        // Access tokens of the shop carry their type (RFC 9068), so that an ID token of the same issuer is not accepted as one.
        bearer.TokenValidationParameters.ValidTypes = ["at+jwt"];
        bearer.TokenValidationParameters.ValidIssuer = settings.Issuer;
        bearer.BackchannelHttpHandler = new UsersBackchannel(settings.Users, handlers.CreateHandler());
    }

    /// <summary>Asks Users directly for keys: a service need not reach the issuer, the shop's public address.</summary>
    private sealed class UsersBackchannel(Uri users, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // The keys serve all requests, so the call is not part of the trace of the request that happened to trigger it.
            Activity.Current = null;
            request.RequestUri = new Uri(users, request.RequestUri!.PathAndQuery);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
