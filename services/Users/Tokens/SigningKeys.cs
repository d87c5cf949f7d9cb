using Microsoft.Extensions.Primitives;

namespace ForgeShop.Users;

/// <summary>
/// Provides OpenIddict with the signing keys, which all replicas share through the database, and rotates them with overlap. A key is
/// published before it signs, and stays published until its last token has expired. OpenIddict itself does not rotate keys.
/// </summary>
public sealed partial class SigningKeys(
    IServiceScopeFactory scopes, IDataProtectionProvider protection, IOptions<TokenOptions> options, TimeProvider time,
    ILogger<SigningKeys> logger)
    : IConfigureOptions<OpenIddictServerOptions>, IOptionsChangeTokenSource<OpenIddictServerOptions>
{
    // The tolerance for clock differences between machines.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private readonly IDataProtector _protector = protection.CreateProtector("ForgeShop.Users.SigningKeys");
    private ConfigurationReloadToken _changed = new();

    string? IOptionsChangeTokenSource<OpenIddictServerOptions>.Name => Options.DefaultName;

    /// <summary>Gets all published keys; the first one signs.</summary>
    public IReadOnlyList<SigningCredentials> Published { get; private set; } = [];

    /// <summary>Gets whether the keys are read, and OpenIddict knows it.</summary>
    public bool AreRead { get; private set; }

    /// <summary>Adds the keys. Before they are read only health probes arrive, but OpenIddict requires a key even then.</summary>
    public void Configure(OpenIddictServerOptions options) => options.SigningCredentials.AddRange(
        Published.Count > 0
            ? Published
            : [new(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)), SecurityAlgorithms.EcdsaSha256)]);

    public IChangeToken GetChangeToken() => _changed;

    /// <summary>Reads the keys, creates or removes due ones, and notifies OpenIddict. Called at the start and every minute.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<UsersDb>();
        var now = time.GetUtcNow();
        var (keys, signers) = await db.InTransactionAsync(token => RotateAsync(db, now, token), cancellationToken);
        var signer = keys.Last(key => signers.ContainsKey(key.Id) && key.SignsFrom <= now);
        SigningCredentials[] published =
        [
            signers[signer.Id], .. keys.Where(key => key != signer).Select(key => signers.GetValueOrDefault(key.Id) ?? key.ToVerifier()),
        ];
        if (published.Select(key => key.Kid).SequenceEqual(Published.Select(key => key.Kid)))
            return;
        Published = published;
        Interlocked.Exchange(ref _changed, new ConfigurationReloadToken()).OnReload();
        AreRead = true;
    }

    private async Task<(List<SigningKey> Keys, Dictionary<string, SigningCredentials> Signers)> RotateAsync(
        UsersDb db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // One replica rotates; the others wait for the lock and then find the new key.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtext('signing_keys'))", cancellationToken);
        var keys = await db.SigningKeys.OrderBy(key => key.SignsFrom).ThenBy(key => key.Id).ToListAsync(cancellationToken);
        var signers = SignersOf(keys);
        var past = Past(keys, signers, now);
        if (NextSignsFrom(keys, signers, now) is { } signsFrom)
        {
            var key = SigningKey.Create(_protector, signsFrom);
            db.SigningKeys.Add(key);
            keys.Add(key);
            signers[key.Id] = key.ToSigner(_protector);
            LogCreated(logger, key.Id, signsFrom);
        }

        db.SigningKeys.RemoveRange(past);
        return ([.. keys.Except(past).OrderBy(key => key.SignsFrom)], signers);
    }

    private Dictionary<string, SigningCredentials> SignersOf(List<SigningKey> keys)
    {
        var signers = new Dictionary<string, SigningCredentials>();
        foreach (var key in keys)
        {
            try
            {
                signers[key.Id] = key.ToSigner(_protector);
            }
            catch (CryptographicException error)
            {
                // The key folder is lost or belongs to another machine: this key still verifies tokens, and a new key signs.
                LogUnreadable(logger, key.Id, error);
            }
        }

        return signers;
    }

    /// <summary>Returns the time from which a new key must sign; null while none is needed.</summary>
    private DateTimeOffset? NextSignsFrom(List<SigningKey> keys, Dictionary<string, SigningCredentials> signers, DateTimeOffset now)
    {
        var usable = keys.FindAll(key => signers.ContainsKey(key.Id));
        // The first key signs at once, also for a replica whose clock is slightly behind.
        if (!usable.Exists(key => key.SignsFrom <= now))
            return now - Tolerance;
        var announced = now + options.Value.PublishAhead;
        return usable[^1].SignsFrom + options.Value.SigningKeyLifetime > announced ? null : announced;
    }

    /// <summary>
    /// Returns the keys whose tokens have all expired: those that another has followed long ago. A follower that cannot be decrypted signs
    /// nothing here, so the key before it still does.
    /// </summary>
    private List<SigningKey> Past(List<SigningKey> keys, Dictionary<string, SigningCredentials> signers, DateTimeOffset now)
    {
        var firstToken = now - options.Value.AccessTokenLifetime - Tolerance;
        var signer = keys.FindLastIndex(key => signers.ContainsKey(key.Id) && key.SignsFrom < firstToken);
        return [.. keys.Take(signer)];
    }

    [LoggerMessage(LogLevel.Information, "Signing key {Key} published; it signs from {From:O}")]
    private static partial void LogCreated(ILogger logger, string key, DateTimeOffset from);

    [LoggerMessage(LogLevel.Warning, "Decrypting signing key {Key} failed; this replica uses it for verification only")]
    private static partial void LogUnreadable(ILogger logger, string key, Exception error);
}
