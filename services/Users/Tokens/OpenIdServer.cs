using Microsoft.AspNetCore.Authentication.JwtBearer;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace ForgeShop.Users;

/// <summary>
/// The token server: OpenIddict on the users database. Access tokens are signed JWTs that any library verifies; codes and refresh tokens
/// are opaque, encrypted by Data Protection.
/// </summary>
internal static class OpenIdServer
{
    public static void AddOpenIdServer(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<TokenOptions>().BindConfiguration("Tokens").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<IConfigureOptions<OpenIddictServerOptions>>(provider => provider.GetRequiredService<SigningKeys>());
        services.AddSingleton<IOptionsChangeTokenSource<OpenIddictServerOptions>>(provider => provider.GetRequiredService<SigningKeys>());
        // The request and response logs of OpenIddict contain user names.
        builder.Logging.AddFilter("OpenIddict", LogLevel.Warning);

        services.AddOpenIddict()
            .AddCore(core => core.UseEntityFrameworkCore().UseDbContext<UsersDb>().ReplaceDefaultEntities<Guid>())
            .AddServer(server =>
            {
                server.SetTokenEndpointUris(TokenEndpoint.Path)
                    .SetAuthorizationEndpointUris(AuthorizeEndpoint.Path)
                    .SetRevocationEndpointUris("/connect/revoke")
                    .SetJsonWebKeySetEndpointUris("/.well-known/jwks.json");
                server.AllowPasswordFlow().AllowRefreshTokenFlow().AllowClientCredentialsFlow()
                    .AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
                server.Configure(options => options.CodeChallengeMethods.Remove(CodeChallengeMethods.Plain));
                server.RegisterScopes([.. Api.Permissions.OfAdministrators, Api.Permissions.Internal, Api.Permissions.InternalAudit]);
                server.DisableAccessTokenEncryption();
                server.UseDataProtection().PreferDefaultAccessTokenFormat();
                // OpenIddict requires an encryption key; the server issues no encrypted JWTs.
                server.AddEphemeralEncryptionKey();
                server.UseAspNetCore().EnableTokenEndpointPassthrough().EnableAuthorizationEndpointPassthrough().EnableErrorPassthrough()
                    .SuppressJsonResponseIndentation();
                // OpenIddict writes the issuer with a trailing slash, but it must equal the address that clients know exactly (RFC 8414,
                // section 3.3).
                server.AddEventHandler<GenerateTokenContext>(handler => handler
                    .SetOrder(Protection.GenerateIdentityModelToken.Descriptor.Order - 1)
                    .UseInlineHandler(context => Done(context.SecurityTokenDescriptor.Issuer = TextOf(context.Options.Issuer))));
                server.AddEventHandler<ApplyConfigurationResponseContext>(handler => handler
                    .SetOrder(int.MinValue)
                    .UseInlineHandler(context => Done(context.Response[Metadata.Issuer] = TextOf(context.Options.Issuer))));
                server.AddEventHandler<ApplyAuthorizationResponseContext>(handler => handler
                    .SetOrder(OpenIddictServerHandlers.Authentication.AttachIssuer.Descriptor.Order - 1)
                    .UseInlineHandler(
                        context => Done(context.Response.Iss = context.RedirectUri is null ? null : TextOf(context.Options.Issuer))));
                server.AddEventHandler<HandleRevocationRequestContext>(handler => handler
                    .UseScopedHandler<SessionRevocation>().SetOrder(Revocation.RevokeToken.Descriptor.Order + 1));
                server.AddEventHandler<ValidateTokenContext>(handler => handler
                    .AddFilter<OpenIddictServerHandlerFilters.RequireTokenIdResolved>()
                    .UseScopedHandler<SessionRevocation>().SetOrder(Protection.ValidateTokenEntry.Descriptor.Order - 1));
            });
        services.AddOptions<OpenIddictServerOptions>().Configure<IOptions<TokenOptions>, IOptions<AuthenticationSettings>>(Configure);
        services.AddOptions<OpenIddictServerAspNetCoreOptions>().Configure<IOptions<AuthenticationSettings>>(
            // Plain HTTP is allowed only for an issuer with an http address.
            (server, settings) => server.DisableTransportSecurityRequirement = IssuerOf(settings.Value).Scheme == Uri.UriSchemeHttp);

        // Other services read the keys from this one; it uses its own.
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<AuthenticationSettings>, SigningKeys>((bearer, settings, keys) =>
            {
                if (settings.Value.Authority is not null)
                    return;
                bearer.Authority = null;
                bearer.TokenValidationParameters.IssuerSigningKeyResolver = (_, _, _, _) => keys.Published.Select(key => key.Key);
            });
    }

    /// <summary>Answers only health probes until the keys are read; valid tokens would be refused before.</summary>
    public static void UseKeys(this WebApplication app)
    {
        var keys = app.Services.GetRequiredService<SigningKeys>();
        app.Use((context, next) =>
            keys.AreRead || context.Request.Path.StartsWithSegments("/health") || context.Request.Path.StartsWithSegments("/alive")
                ? next(context)
                : Problems.Unavailable("not-ready", "This service is still starting.").ExecuteAsync(context));
    }

    /// <summary>Ignores the Host header: clients trust the addresses in the answers, which are the issuer's.</summary>
    public static void UseIssuerAddress(this WebApplication app)
    {
        var issuer = IssuerOf(app.Services.GetRequiredService<IOptions<AuthenticationSettings>>().Value);
        app.Use(async (context, next) =>
        {
            (context.Request.Scheme, context.Request.Host) = (issuer.Scheme, HostString.FromUriComponent(issuer));
            if (await TryReadFormAsync(context.Request))
                await next(context);
            else
                await Problems.BadRequest("malformed-form", "The form has too many fields, or too long ones.").ExecuteAsync(context);
        });
    }

    // OpenIddict reads the form outside of the endpoints, where the framework does not turn its own exception into a 400.
    private static async Task<bool> TryReadFormAsync(HttpRequest request)
    {
        if (!request.Path.StartsWithSegments("/connect")
            || request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
            return true;
        try
        {
            await request.ReadFormAsync(request.HttpContext.RequestAborted);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static string TextOf(Uri? issuer) => issuer!.GetLeftPart(UriPartial.Authority);

    private static ValueTask Done(object? _) => ValueTask.CompletedTask;

    private static Uri IssuerOf(AuthenticationSettings settings) =>
        new(settings.Issuer ?? throw new InvalidOperationException("Authentication:Issuer is required: Users issues tokens in its name."));

    private static void Configure(
        OpenIddictServerOptions server, IOptions<TokenOptions> tokens, IOptions<AuthenticationSettings> authentication)
    {
        server.Issuer = IssuerOf(authentication.Value);
        server.AccessTokenLifetime = tokens.Value.AccessTokenLifetime;
        server.RefreshTokenLifetime = tokens.Value.RefreshTokenLifetime;
        server.RefreshTokenReuseLeeway = tokens.Value.RefreshLeeway;
    }
}
