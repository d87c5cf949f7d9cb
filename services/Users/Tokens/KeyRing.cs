using System.Security.Cryptography;
using System.Text.Json;
using ForgeShop.ServiceDefaults;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.Users;

/// <summary>
/// The keys that sign access tokens, shared by all instances of this service through the database, looked at once a minute. A key is
/// published before it signs and stays published until the last token that it signed has expired, so a rotation is noticed by nobody.
/// </summary>
public sealed partial class KeyRing(
    IServiceScopeFactory scopes, IDataProtectionProvider protection, IOptions<TokenOptions> options, TimeProvider time, ILogger<KeyRing> logger)
    : IKeySetSource, IDisposable
{
    private static readonly TimeSpan LooksAgainAfter = TimeSpan.FromMinutes(1);
    // Clocks differ; a token is accepted a little longer than it says.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private readonly IDataProtector _protector = protection.CreateProtector("ForgeShop.Users.SigningKeys");
    private readonly SemaphoreSlim _loading = new(1, 1);
    private Loaded? _loaded;

    private sealed record Loaded(long At, IReadOnlyList<SigningKey> Keys, IReadOnlyList<(DateTimeOffset From, SigningCredentials Credentials)> Signers);

    /// <summary>What a token is signed with now.</summary>
    public async Task<SigningCredentials> SignerAsync(CancellationToken cancellationToken)
    {
        var signers = (await LoadedAsync(cancellationToken)).Signers;
        var now = time.GetUtcNow();
        return signers.Last(signer => signer.From <= now).Credentials;
    }

    /// <inheritdoc />
    public async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        var keys = (await LoadedAsync(cancellationToken)).Keys;
        return JsonSerializer.Serialize(new KeySet([.. keys.Select(key => new KeySet.Key(key.Id, key.X, key.Y))]), UsersJson.Default.KeySet);
    }

    public void Dispose() => _loading.Dispose();

    private async Task<Loaded> LoadedAsync(CancellationToken cancellationToken)
    {
        if (Fresh() is { } fresh)
            return fresh;
        await _loading.WaitAsync(cancellationToken);
        try
        {
            return Fresh() ?? (_loaded = await LoadAsync(cancellationToken));
        }
        catch (Exception error) when (_loaded is not null && !cancellationToken.IsCancellationRequested)
        {
            // What is known serves on. It is looked at again with the next token.
            LogUnreadable(logger, error);
            return _loaded;
        }
        finally
        {
            _loading.Release();
        }
    }

    private Loaded? Fresh() => _loaded is { } loaded && time.GetElapsedTime(loaded.At) < LooksAgainAfter ? loaded : null;

    private async Task<Loaded> LoadAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<UsersDb>();
        var loaded = Open(await StoredAsync(db, cancellationToken));
        return IsDue(loaded)
            ? await db.Database.CreateExecutionStrategy().ExecuteAsync(token => RotateAsync(db, token), cancellationToken)
            : loaded;
    }

    private async Task<Loaded> RotateAsync(UsersDb db, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // One instance rotates; the others wait here and then find that it has been done.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtext('signing_keys'))", cancellationToken);
        var stored = await StoredAsync(db, cancellationToken);
        var loaded = Open(stored);
        if (!IsDue(loaded))
            return loaded;

        var now = time.GetUtcNow();
        if (NextSignsFrom(loaded, now) is { } from)
        {
            var key = SigningKey.Create(_protector, now, from);
            db.SigningKeys.Add(key);
            stored.Add(key);
            LogCreated(logger, key.Id, from);
        }

        var past = Past(stored, now);
        db.SigningKeys.RemoveRange(past);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return Open([.. stored.Except(past).OrderBy(key => key.SignsFrom)]);
    }

    private static Task<List<SigningKey>> StoredAsync(UsersDb db, CancellationToken cancellationToken) =>
        db.SigningKeys.OrderBy(key => key.SignsFrom).ThenBy(key => key.Id).ToListAsync(cancellationToken);

    private Loaded Open(List<SigningKey> keys)
    {
        var signers = new List<(DateTimeOffset, SigningCredentials)>();
        foreach (var key in keys)
        {
            try
            {
                signers.Add((key.SignsFrom, new SigningCredentials(key.Open(_protector), SecurityAlgorithms.EcdsaSha256)));
            }
            catch (CryptographicException error)
            {
                // Another machine's data, or a lost key folder: tokens signed with it can still be verified, new ones get a new key.
                LogSealed(logger, key.Id, error);
            }
        }

        return new Loaded(time.GetTimestamp(), keys, signers);
    }

    private bool IsDue(Loaded loaded)
    {
        var now = time.GetUtcNow();
        return NextSignsFrom(loaded, now) is not null || Past(loaded.Keys, now).Count > 0;
    }

    /// <summary>From when a new key has to sign; null while none is needed.</summary>
    private DateTimeOffset? NextSignsFrom(Loaded loaded, DateTimeOffset now)
    {
        // The very first one signs at once, also by the clock of another instance that is a little behind.
        if (!loaded.Signers.Any(signer => signer.From <= now))
            return now - Tolerance;
        var ends = loaded.Signers[^1].From + options.Value.SigningKeyLifetime;
        var announced = now + options.Value.PublishAhead;
        return ends > announced ? null : announced;
    }

    /// <summary>Keys that signed nothing that is still valid.</summary>
    private List<SigningKey> Past(IReadOnlyList<SigningKey> keys, DateTimeOffset now) =>
        [.. keys.Where((_, index) => index + 1 < keys.Count && keys[index + 1].SignsFrom + options.Value.AccessTokenLifetime + Tolerance < now)];

    [LoggerMessage(LogLevel.Information, "Signing key {Key} is published; it signs from {From:O}")]
    private static partial void LogCreated(ILogger logger, string key, DateTimeOffset from);

    [LoggerMessage(LogLevel.Warning, "The private half of signing key {Key} cannot be opened here")]
    private static partial void LogSealed(ILogger logger, string key, Exception error);

    [LoggerMessage(LogLevel.Warning, "The signing keys cannot be read; those known stay in use")]
    private static partial void LogUnreadable(ILogger logger, Exception error);
}
