using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.ServiceDefaults.Authentication;

/// <summary>
/// The keys that tokens are verified with, read once and kept. Nobody's start waits for them: the first token does. Later readings
/// happen beside the requests, and a key set that cannot be read again stays in use. A key is published an hour before it signs, so a
/// kept set knows every key in time; an unknown one is a reason to look again, but not as often as somebody likes to send one.
/// </summary>
internal sealed partial class SigningKeys(IKeySetSource source, IOptions<AuthenticationSettings> settings, TimeProvider time, ILogger<SigningKeys> logger)
    : IConfigurationManager<OpenIdConnectConfiguration>
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan AgainAtTheEarliest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private OpenIdConnectConfiguration? _known;
    private Task<OpenIdConnectConfiguration?>? _reading;
    private long _lastRead;

    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        if (_known is { } known)
        {
            if (time.GetElapsedTime(_lastRead) > FreshFor)
                _ = Read();
            return known;
        }

        // An HttpRequestException is answered with 503: the token may be good, and the same request can succeed later.
        return await Read().WaitAsync(cancel) ?? throw new HttpRequestException("The keys that access tokens are verified with cannot be read.");
    }

    public void RequestRefresh()
    {
        if (time.GetElapsedTime(_lastRead) > AgainAtTheEarliest)
            _ = Read();
    }

    /// <summary>One reading at a time, shared by all who wait for it; null if it failed.</summary>
    private Task<OpenIdConnectConfiguration?> Read()
    {
        lock (_gate)
        {
            if (_reading is null or { IsCompleted: true })
                _reading = ReadAsync();
            return _reading;
        }
    }

    private async Task<OpenIdConnectConfiguration?> ReadAsync()
    {
        // Off the caller's path at once: the lock above is held while this begins.
        await Task.Yield();
        // For everybody, so no part of the trace of whoever happened to be first.
        Activity.Current = null;
        _lastRead = time.GetTimestamp();
        try
        {
            using var limit = new CancellationTokenSource(Patience, time);
            var keys = new JsonWebKeySet(await source.ReadAsync(limit.Token)).GetSigningKeys();
            var read = new OpenIdConnectConfiguration { Issuer = settings.Value.Issuer };
            foreach (var key in keys)
                read.SigningKeys.Add(key);
            return _known = read;
        }
        catch (Exception error)
        {
            LogUnreadable(logger, _known is null ? "no token can be verified until then" : "those known stay in use", error);
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The keys that access tokens are verified with cannot be read; {Consequence}")]
    private static partial void LogUnreadable(ILogger logger, string consequence, Exception error);
}
