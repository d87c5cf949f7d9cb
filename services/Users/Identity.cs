using Microsoft.AspNetCore.HttpOverrides;

namespace ForgeShop.Users;

/// <summary>Passwords, sessions and the token server.</summary>
internal static class Identity
{
    /// <summary>Runs at every start: stores the clients and the first administrator, reads the signing keys.</summary>
    public static async Task PrepareAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var db = services.GetRequiredService<UsersDb>();
        await db.InTransactionAsync(async token =>
        {
            // One replica stores; the others wait here and then find what is stored.
            await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtext('identity'))", token);
            await Clients.StoreAsync(services, token);
            await FirstAdministrator.AddAsync(services, token);
            return true;
        }, cancellationToken);
        // The last: with the keys, Users answers.
        await services.GetRequiredService<SigningKeys>().RefreshAsync(cancellationToken);
    }

    public static void AddIdentity(this IHostApplicationBuilder builder)
    {
        // In invariant mode the runtime's normalization returns every text unchanged, without an error.
        if ("u\u0308".Normalize() != "\u00fc")
            throw new InvalidOperationException("Users needs ICU: install libicu, and do not set DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.");
        var services = builder.Services;
        builder.AddOpenIdServer();
        services.AddOptions<PasswordHasherOptions>().Configure(passwords => passwords.IterationCount = Passwords.Rounds)
            .BindConfiguration("Passwords");
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<LoginThrottle>();
        services.AddScoped<PasswordLogin>();
        services.AddScoped<UserSessions>();
        services.AddHostedService<IdentityMaintenance>();

        // The keys that encrypt signing keys and refresh tokens are not in the database but in the service's home or in
        // DataProtection:KeyFolder. Replicas on several machines share that folder.
        var protection = services.AddDataProtection().SetApplicationName("forgeshop-users");
        if (builder.Configuration["DataProtection:KeyFolder"] is { Length: > 0 } folder)
            protection.PersistKeysToFileSystem(new DirectoryInfo(folder));

        // Only the gateway and other services reach this one, so the last hop is trusted for the client's address; its host and scheme do
        // not matter.
        services.Configure<ForwardedHeadersOptions>(forwarded =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor;
            forwarded.KnownIPNetworks.Clear();
            forwarded.KnownProxies.Clear();
        });
    }
}
