using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Serialization;

namespace ForgeShop.ServiceDefaults;

public static class ServiceTokenExtensions
{
    /// <summary>Sends the service's own token with each request; <c>/internal</c> endpoints of other services require it.</summary>
    public static IHttpClientBuilder AddServiceToken(this IHttpClientBuilder client) =>
        client.AddHttpMessageHandler(services => new ServiceTokenHandler(services.GetRequiredService<ServiceTokens>()));

    private sealed class ServiceTokenHandler(ServiceTokens tokens) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var token = await tokens.GetAsync(cancellationToken);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode is HttpStatusCode.Unauthorized)
                tokens.Forget(token);
            return answer;
        }
    }
}

/// <summary>This service's own access token (RFC 6749, section 4.4), fetched when needed and kept until it expires.</summary>
internal sealed class ServiceTokens(IHttpClientFactory clients, IOptions<AuthenticationSettings> settings, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _fetching = new(1, 1);
    private Held? _held;

    private sealed record Held(string Token, DateTimeOffset GoodUntil);

    public async Task<string> GetAsync(CancellationToken cancellationToken)
    {
        await _fetching.WaitAsync(cancellationToken);
        try
        {
            if (_held is { } held && time.GetUtcNow() < held.GoodUntil)
                return held.Token;
            return (_held = await FetchAsync(cancellationToken)).Token;
        }
        finally
        {
            _fetching.Release();
        }
    }

    /// <summary>Discards a token that a service refused; the next call fetches a new one.</summary>
    public void Forget(string token)
    {
        if (_held?.Token == token)
            _held = null;
    }

    public void Dispose() => _fetching.Dispose();

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
        using var http = clients.CreateClient();
        using var answer = await http.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
        var granted = await answer.Content.ReadFromJsonAsync<Granted>(cancellationToken)
            ?? throw new HttpRequestException("Users answered without a token.");
        return new Held(granted.AccessToken, asked.AddSeconds(granted.ExpiresIn) - Margin);
    }

    private sealed record Granted(
        [property: JsonPropertyName("access_token")] string AccessToken, [property: JsonPropertyName("expires_in")] int ExpiresIn);
}
