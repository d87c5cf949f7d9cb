using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.ServiceDefaults.Authentication;

internal static class AuthenticationExtensions
{
    /// <summary>Every service verifies tokens itself, and an endpoint that declares nothing answers nobody.</summary>
    public static void AddAccessControl(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<AuthenticationSettings>().BindConfiguration(AuthenticationSettings.Section)
            .Validate(settings => settings.Algorithms.All(algorithm => algorithm is [('E' or 'P' or 'R'), 'S', .. "256" or "384" or "512"]), "Authentication:Algorithms are signatures: ES256, RS256, PS256 and their like.")
            .Validate(settings => settings.UserFrom is "sub" or "email", "Authentication:UserFrom is sub or email.")
            .ValidateOnStart();
        services.TryAddSingleton<IKeySetSource, HttpKeySetSource>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<ServiceTokens>();
        services.AddTransient<ServiceTokenHandler>();
        services.AddSingleton<AccessProblems>();
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(_ => { });
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<AuthenticationSettings>, IServiceProvider>((bearer, settings, provider) => Configure(bearer, settings.Value, provider));
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().AddRequirements(new DenyUndeclared()).Build());
    }

    private static void Configure(JwtBearerOptions bearer, AuthenticationSettings settings, IServiceProvider provider)
    {
        bearer.MapInboundClaims = false;
        bearer.EventsType = typeof(AccessProblems);
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAudience = settings.Audience,
            // One algorithm: neither "none" nor a signature keyed with what everybody can read is ever tried.
            ValidAlgorithms = settings.Algorithms is { Length: > 0 } others ? others : [SecurityAlgorithms.EcdsaSha256],
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ClockSkew = TimeSpan.FromSeconds(10),
        };
        if (settings.Authority is { Length: > 0 } authority)
        {
            bearer.Authority = authority;
            bearer.RequireHttpsMetadata = settings.RequireHttps;
            return;
        }

        // Ours say what they are (RFC 9068), so that no other kind of token of the same issuer passes for one.
        bearer.TokenValidationParameters.ValidTypes = ["at+jwt"];
        bearer.TokenValidationParameters.ValidIssuer = settings.Issuer;
        bearer.ConfigurationManager = provider.GetRequiredService<SigningKeys>();
    }
}
