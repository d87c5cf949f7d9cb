using ForgeShop.ServiceDefaults;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Identity;

namespace ForgeShop.Users;

/// <summary>What Users needs to know who somebody is: passwords, sessions, signing keys.</summary>
internal static class Identity
{
    public static void AddIdentity(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<TokenOptions>().BindConfiguration("Tokens").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<PasswordHasherOptions>().Configure(passwords => passwords.IterationCount = Passwords.Rounds).BindConfiguration("Passwords");
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        services.AddSingleton<Passwords>();
        services.AddSingleton(new ServiceClients(builder.Configuration));
        services.AddScoped<UserSessions>();
        services.AddScoped<LoginThrottle>();
        services.AddHostedService<SessionCleanup>();
        services.AddSingleton<AccessTokens>();
        // Others ask this service for the keys; it asks itself.
        services.AddSingleton<KeyRing>();
        services.AddSingleton<IKeySetSource>(provider => provider.GetRequiredService<KeyRing>());

        // What seals the private keys lies apart from the database that they lie in: in the service's home, or where DataProtection:KeyFolder
        // says; instances on several machines share that folder.
        var protection = services.AddDataProtection().SetApplicationName("forgeshop-users");
        if (builder.Configuration["DataProtection:KeyFolder"] is { Length: > 0 } folder)
            protection.PersistKeysToFileSystem(new DirectoryInfo(folder));

        // Only the gateway and other services reach this one, so the last hop is believed.
        services.Configure<ForwardedHeadersOptions>(forwarded =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.All;
            forwarded.KnownIPNetworks.Clear();
            forwarded.KnownProxies.Clear();
        });
    }
}
