using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;

namespace ForgeShop.ServiceDefaults.Authentication;

/// <summary>
/// This service's own access token (OAuth 2.0 client credentials, RFC 6749 section 4.4), fetched when it is needed and kept until shortly
/// before it expires.
/// </summary>
internal sealed class ServiceTokens(IHttpClientFactory clients, IOptions<AuthenticationSettings> settings, TimeProvider time) : IDisposable
{
    public const string ClientName = "service-tokens";
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _fetching = new(1, 1);
    private Held? _held;

    private sealed record Held(string Token, DateTimeOffset GoodUntil);

    public async Task<string> GetAsync(CancellationToken cancellationToken)
    {
        if (Current() is { } token)
            return token;
        await _fetching.WaitAsync(cancellationToken);
        try
        {
            return Current() ?? (_held = await FetchAsync(cancellationToken)).Token;
        }
        finally
        {
            _fetching.Release();
        }
    }

    /// <summary>Discards a token that a service refused; the next call fetches a new one.</summary>
    public void Forget(string token)
    {
        if (_held is { } held && held.Token == token)
            Interlocked.CompareExchange(ref _held, null, held);
    }

    public void Dispose() => _fetching.Dispose();

    private string? Current() => _held is { } held && time.GetUtcNow() < held.GoodUntil ? held.Token : null;

    private async Task<Held> FetchAsync(CancellationToken cancellationToken)
    {
        if (settings.Value is not { ClientId: { } id, ClientSecret: { } secret })
            throw new InvalidOperationException(
                "Authentication:ClientId and Authentication:ClientSecret are not configured: this service cannot call another's /internal "
                + "endpoints.");
        var endpoint = settings.Value.TokenEndpoint ?? new Uri(settings.Value.Users, "/connect/token");
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint)
        {
            Content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(id)}:{Uri.EscapeDataString(secret)}")));
        var asked = time.GetUtcNow();
        using var http = clients.CreateClient(ClientName);
        using var answer = await http.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
        var granted = await answer.Content.ReadFromJsonAsync<Granted>(cancellationToken)
            ?? throw new HttpRequestException("Users answered without a token.");
        return new Held(granted.AccessToken, asked.AddSeconds(granted.ExpiresIn) - Margin);
    }

    private sealed record Granted(
        [property: JsonPropertyName("access_token")] string AccessToken, [property: JsonPropertyName("expires_in")] int ExpiresIn);
}
