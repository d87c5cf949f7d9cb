using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ForgeShop.Contracts;
using Polly;

namespace ForgeShop.Client;

/// <summary>A client of the shop's public API, through the gateway. Tools and tests share it.</summary>
/// <param name="http">Its base address is the gateway's.</param>
/// <param name="login">Logs in by itself when a request needs a token and has none, or an expired one; null: only when asked.</param>
/// <param name="retries">Repeats requests; null: none is repeated.</param>
public sealed class ShopClient(HttpClient http, ShopLogin? login = null, ResiliencePipeline<ShopAnswer>? retries = null) : IDisposable
{
    private readonly ResiliencePipeline<ShopAnswer> _retries = retries ?? ResiliencePipeline<ShopAnswer>.Empty;
    private readonly ConcurrentDictionary<string, Money> _prices = new();
    private readonly SemaphoreSlim _renewal = new(1, 1);

    /// <summary>Gets the token that the requests carry, valid for ten minutes; null before a login.</summary>
    public string? AccessToken { get; private set; }

    /// <summary>Returns the body of a login: the password grant of the first-party client.</summary>
    public static FormUrlEncodedContent LoginForm(ShopLogin login) => new(
        [new("grant_type", "password"), new("client_id", "shop"), new("username", login.Email), new("password", login.Password)]);

    public Task<ShopAnswer> RegisterAsync(ShopLogin account, string name, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, "/api/v1/users", cancellationToken, new { account.Email, name, account.Password });

    /// <summary>Logs in; all further requests carry the access token.</summary>
    public async Task<ShopAnswer> LogInAsync(ShopLogin account, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/token") { Content = LoginForm(account) };
        var answer = await SendAsync(request, cancellationToken);
        if (answer.Status is HttpStatusCode.OK)
            AccessToken = answer.Json.GetProperty("access_token").GetString();
        return answer;
    }

    /// <summary>Places an order for the prices that the catalogue shows; each is read once.</summary>
    /// <exception cref="ShopException">The catalogue does not contain a product.</exception>
    public async Task<ShopAnswer> PlaceOrderAsync(
        string key, IReadOnlyList<OrderedItem> items, string paymentMethod, CancellationToken cancellationToken)
    {
        var expectedTotal = new Money(0, "EUR");
        foreach (var (sku, quantity) in items)
        {
            if (!_prices.TryGetValue(sku, out var price))
                _prices[sku] = price = (await GetAsync($"/api/v1/products/{sku}", cancellationToken))
                    .GetProperty("price").Deserialize<Money>(JsonSerializerOptions.Web);
            expectedTotal += price * quantity;
        }

        return await SendAsync(
            HttpMethod.Post, "/api/v1/orders", cancellationToken, new { items, paymentMethod, expectedTotal }, ("Idempotency-Key", key));
    }

    public Task<ShopAnswer> CancelOrderAsync(OrderId order, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"/api/v1/orders/{order}/cancel", cancellationToken);

    /// <summary>Reads the states of an order from its event stream, which ends when the order is confirmed or cancelled.</summary>
    /// <exception cref="ShopException">The shop refuses the stream.</exception>
    public async IAsyncEnumerable<string> FollowOrderAsync(OrderId order, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, $"/api/v1/orders/{order}/events");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode is not HttpStatusCode.OK)
            (await ShopAnswer.ReadAsync(request, response, cancellationToken)).Expect(HttpStatusCode.OK);
        var stream = SseParser.Create(await response.Content.ReadAsStreamAsync(cancellationToken));
        await foreach (var item in stream.EnumerateAsync(cancellationToken))
        {
            if (item.EventType == "status")
                yield return JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("status").GetString()!;
        }
    }

    /// <summary>Creates a product; answers 428 if it exists and there is no <paramref name="ifMatch"/>.</summary>
    public Task<ShopAnswer> PutProductAsync(
        string sku, string name, Money price, int stock, CancellationToken cancellationToken, string? ifMatch = null) =>
        SendAsync(
            HttpMethod.Put, $"/api/v1/products/{sku}", cancellationToken, new { name, price, stock },
            ifMatch is null ? null : ("If-Match", ifMatch));

    /// <summary>Returns the body of a 200.</summary>
    /// <exception cref="ShopException">The shop answers anything else.</exception>
    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Get, path, cancellationToken)).Expect(HttpStatusCode.OK).Json;

    /// <summary>Sends any request, with the retries of this client.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">A path of the gateway, or a whole address.</param>
    /// <param name="cancellationToken">Ends the request and its retries.</param>
    /// <param name="body">Sent as JSON; null for none.</param>
    /// <param name="header">One more header; null for none.</param>
    public async Task<ShopAnswer> SendAsync(
        HttpMethod method, string path, CancellationToken cancellationToken, object? body = null,
        (string Name, string Value)? header = null)
    {
        return await _retries.ExecuteAsync(async token =>
        {
            var used = AccessToken;
            var answer = await OnceAsync(token);
            return answer.Status is HttpStatusCode.Unauthorized && await RenewAsync(used, token) ? await OnceAsync(token) : answer;
        }, cancellationToken);

        async ValueTask<ShopAnswer> OnceAsync(CancellationToken token)
        {
            using var request = Request(method, path);
            request.Content = body is null ? null : JsonContent.Create(body, options: JsonSerializerOptions.Web);
            if (header is { } more)
                request.Headers.TryAddWithoutValidation(more.Name, more.Value);
            return await SendAsync(request, token);
        }
    }

    public void Dispose() => _renewal.Dispose();

    /// <summary>Logs in unless another request has replaced the refused token meanwhile.</summary>
    private async Task<bool> RenewAsync(string? refused, CancellationToken cancellationToken)
    {
        if (login is null)
            return false;
        await _renewal.WaitAsync(cancellationToken);
        try
        {
            return AccessToken != refused || (await LogInAsync(login, cancellationToken)).Status is HttpStatusCode.OK;
        }
        finally
        {
            _renewal.Release();
        }
    }

    private async Task<ShopAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(request, cancellationToken);
        return await ShopAnswer.ReadAsync(request, response, cancellationToken);
    }

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        if (AccessToken is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }
}

/// <summary>An account of the shop.</summary>
public sealed record ShopLogin(string Email, string Password);

/// <summary>One line of an order.</summary>
public sealed record OrderedItem(string Sku, int Quantity);
