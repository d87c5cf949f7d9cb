using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Load;

/// <summary>
/// A client of the gateway. It sends each order with an Idempotency-Key and retries until the response is definite, so that the run has the
/// outcome of every order.
/// </summary>
internal sealed class Customer(HttpClient http, RunStatistics statistics, string email, string password, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan MinDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(4);
    // Longer than the longest outage of a chaos run.
    private static readonly TimeSpan RetryTimeout = TimeSpan.FromMinutes(4);

    private readonly SemaphoreSlim _login = new(1, 1);
    private readonly ConcurrentDictionary<string, Money> _prices = new();
    private string? _token;

    public string Email => email;

    public async Task RegisterAsync(string name, CancellationToken cancellationToken)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, "/api/v1/users", new { email, name, password }, null, cancellationToken);
        // email-taken: an earlier attempt succeeded and its response was lost.
        if (status is not HttpStatusCode.Created && Code(body) != "email-taken")
            throw new InvalidOperationException($"registering a customer failed: {(int)status} {body}");
    }

    /// <summary>Places an order.</summary>
    /// <returns>Whether the gateway accepted it.</returns>
    public async Task<bool> PlaceAsync(
        string key, IReadOnlyList<OrderedLine> items, string paymentMethod, CancellationToken cancellationToken)
    {
        var expectedTotal = await TotalAsync(items, cancellationToken);
        var (status, body) = await SendAsync(
            HttpMethod.Post, "/api/v1/orders", new { items, paymentMethod, expectedTotal }, key, cancellationToken);
        if (status is HttpStatusCode.Accepted)
        {
            statistics.OrderPlaced();
            return true;
        }

        statistics.UnexpectedResponse($"POST /orders returned {(int)status} {body}");
        return false;
    }

    /// <summary>Adds up the prices of the catalogue, each read once, for the expected total of an order.</summary>
    private async Task<Money> TotalAsync(IReadOnlyList<OrderedLine> items, CancellationToken cancellationToken)
    {
        var total = new Money(0, "EUR");
        foreach (var (sku, quantity) in items)
        {
            if (!_prices.TryGetValue(sku, out var price))
            {
                var (status, body) = await SendAsync(HttpMethod.Get, $"/api/v1/products/{sku}", null, null, cancellationToken);
                if (status is not HttpStatusCode.OK)
                    throw new InvalidOperationException($"reading a price failed: {(int)status} {body}");
                _prices[sku] = price = JsonSerializer.Deserialize<JsonElement>(body).GetProperty("price")
                    .Deserialize<Money>(JsonSerializerOptions.Web);
            }

            total += price * quantity;
        }

        return total;
    }

    public async Task ReadAsync(OrderId order, CancellationToken cancellationToken)
    {
        var (status, body) = await SendAsync(HttpMethod.Get, $"/api/v1/orders/{order}", null, null, cancellationToken);
        if (status is not HttpStatusCode.OK)
            statistics.UnexpectedResponse($"GET /orders/… returned {(int)status} {body}");
    }

    /// <summary>Reads the event stream of an order until it ends, which is when the order is confirmed or cancelled.</summary>
    /// <exception cref="TimeoutException">The stream did not end in time.</exception>
    public async Task FollowAsync(OrderId order, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/orders/{order}/events")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", _token) },
        };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        // HttpClient.Timeout covers the headers only.
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(RetryTimeout);
        var last = "";
        try
        {
            await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(timeout.Token)).EnumerateAsync(timeout.Token))
            {
                if (item.EventType == "status")
                    last = JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("status").GetString();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"the order stayed '{last}' for {RetryTimeout.TotalMinutes:0} minutes");
        }

        if (last is not ("confirmed" or "cancelled"))
            statistics.UnexpectedResponse($"GET /orders/…/events returned {(int)response.StatusCode} and ended with status '{last}'");
    }

    public async Task CancelAsync(OrderId order, CancellationToken cancellationToken)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, $"/api/v1/orders/{order}/cancel", null, null, cancellationToken);
        if (status is not (HttpStatusCode.Accepted or HttpStatusCode.Conflict))
            statistics.UnexpectedResponse($"POST /orders/…/cancel returned {(int)status} {body}");
    }

    public async Task PutProductAsync(string sku, object product, CancellationToken cancellationToken)
    {
        var (status, body) = await SendAsync(HttpMethod.Put, $"/api/v1/products/{sku}", product, null, cancellationToken);
        // 428: an earlier attempt created it and its response was lost. SKUs are new in each run.
        if (status is not (HttpStatusCode.Created or HttpStatusCode.PreconditionRequired))
            throw new InvalidOperationException($"creating a product failed: {(int)status} {body}");
    }

    public void Dispose() => _login.Dispose();

    /// <summary>Sends a request and retries with backoff and jitter until the response is definite.</summary>
    private async Task<(HttpStatusCode Status, string Body)> SendAsync(
        HttpMethod method, string path, object? body, string? key, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var delay = MinDelay; ; delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
        {
            try
            {
                using var request = new HttpRequestMessage(method, path)
                {
                    Content = body is null ? null : JsonContent.Create(body, options: JsonSerializerOptions.Web),
                };
                if (key is not null)
                    request.Headers.Add("Idempotency-Key", key);
                if (_token is { } token)
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                using var response = await http.SendAsync(request, cancellationToken);
                if (response.StatusCode is HttpStatusCode.Unauthorized && await LogInAsync(_token, cancellationToken))
                    continue;
                if ((int)response.StatusCode is < 500 and not 401 and not 408 and not 429)
                    return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
                if (time.GetElapsedTime(started) > RetryTimeout)
                    return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
            }
            catch (Exception error) when (IsLostResponse(error) && !cancellationToken.IsCancellationRequested)
            {
                if (time.GetElapsedTime(started) > RetryTimeout)
                    throw;
            }

            statistics.RequestResent();
            await Task.Delay(delay * (0.75 + (Random.Shared.NextDouble() / 2)), time, cancellationToken);
        }
    }

    /// <summary>Logs in and returns the access token.</summary>
    public async Task<string> TokenAsync(CancellationToken cancellationToken) => await LogInAsync(_token, cancellationToken)
        ? _token!
        : throw new InvalidOperationException("The login failed.");

    /// <summary>Logs in unless another request has replaced the refused token meanwhile.</summary>
    private async Task<bool> LogInAsync(string? refused, CancellationToken cancellationToken)
    {
        await _login.WaitAsync(cancellationToken);
        try
        {
            if (_token != refused)
                return true;
            using var form = new FormUrlEncodedContent(
                [new("grant_type", "password"), new("client_id", "shop"), new("username", email), new("password", password)]);
            using var response = await http.PostAsync(new Uri("/connect/token", UriKind.Relative), form, cancellationToken);
            if (!response.IsSuccessStatusCode)
                return false;
            _token = (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("access_token").GetString();
            return true;
        }
        catch (Exception error) when (IsLostResponse(error) && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            _login.Release();
        }
    }

    private static bool IsLostResponse(Exception error) => error is HttpRequestException or OperationCanceledException or IOException;

    private static string? Code(string body)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(body).GetProperty("code").GetString();
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException)
        {
            return null;
        }
    }
}

internal sealed record OrderedLine(string Sku, int Quantity);
