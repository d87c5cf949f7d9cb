using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Load;

/// <summary>
/// A client as it should be: it names each order by an Idempotency-Key of its own and sends the request again until there is an
/// answer to it. It never has to wonder whether an order was placed.
/// </summary>
internal sealed class Customer(HttpClient http, Tally tally, string email, string password, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(4);
    // Longer than the longest outage that chaos makes.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly SemaphoreSlim _login = new(1, 1);
    private string? _token;

    public string Email => email;

    public async Task RegisterAsync(string name, CancellationToken cancellationToken)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, "/api/v1/users", new { email, name, password }, null, cancellationToken);
        // Taken: an earlier attempt arrived, and only its answer did not.
        if (status is not HttpStatusCode.Created && Code(body) != "email-taken")
            throw new InvalidOperationException($"could not register a customer: {(int)status} {body}");
    }

    /// <returns>Whether the shop accepted the order.</returns>
    public async Task<bool> PlaceAsync(string key, IReadOnlyList<OrderedLine> items, string paymentMethod, CancellationToken cancellationToken)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, "/api/v1/orders", new { items, paymentMethod }, key, cancellationToken);
        if (status is HttpStatusCode.Accepted)
        {
            tally.OrderPlaced();
            return true;
        }

        tally.Surprise($"POST /orders answered {(int)status} {body}");
        return false;
    }

    public async Task ReadAsync(OrderId order, CancellationToken cancellationToken)
    {
        var (status, body) = await SendAsync(HttpMethod.Get, $"/api/v1/orders/{order}", null, null, cancellationToken);
        if (status is not HttpStatusCode.OK)
            tally.Surprise($"GET /orders/… answered {(int)status} {body}");
    }

    /// <summary>Follows an order that was just placed until its stream of events ends, which it does with the final state.</summary>
    /// <exception cref="TimeoutException">It does not end.</exception>
    public async Task FollowAsync(OrderId order, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/orders/{order}/events") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", _token) } };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        // The client's own time-out ends with the headers.
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Patience);
        var last = "";
        try
        {
            await foreach (var item in SseParser.Create(await answer.Content.ReadAsStreamAsync(timeout.Token)).EnumerateAsync(timeout.Token))
            {
                if (item.EventType == "status")
                    last = JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("status").GetString();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"an order stayed '{last}' for {Patience.TotalMinutes:0} minutes");
        }

        if (last is not ("confirmed" or "cancelled"))
            tally.Surprise($"GET /orders/…/events answered {(int)answer.StatusCode} and ended with '{last}'");
    }

    public async Task CancelAsync(OrderId order, CancellationToken cancellationToken)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, $"/api/v1/orders/{order}/cancel", null, null, cancellationToken);
        if (status is not (HttpStatusCode.Accepted or HttpStatusCode.Conflict))
            tally.Surprise($"POST /orders/…/cancel answered {(int)status} {body}");
    }

    public async Task PutProductAsync(string sku, object product, CancellationToken cancellationToken)
    {
        var (status, body) = await SendAsync(HttpMethod.Put, $"/api/v1/products/{sku}", product, null, cancellationToken);
        if (status is not (HttpStatusCode.OK or HttpStatusCode.Created))
            throw new InvalidOperationException($"could not set a product: {(int)status} {body}");
    }

    public void Dispose() => _login.Dispose();

    /// <summary>Sends until there is an answer that is one: not "later", not silence.</summary>
    private async Task<(HttpStatusCode Status, string Body)> SendAsync(
        HttpMethod method, string path, object? body, string? key, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var pause = MinPause; ; pause = pause * 2 < MaxPause ? pause * 2 : MaxPause)
        {
            try
            {
                using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body, options: JsonSerializerOptions.Web) };
                if (key is not null)
                    request.Headers.Add("Idempotency-Key", key);
                if (_token is { } token)
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                using var answer = await http.SendAsync(request, cancellationToken);
                if (answer.StatusCode is HttpStatusCode.Unauthorized && await LogInAsync(_token, cancellationToken))
                    continue;
                if ((int)answer.StatusCode is < 500 and not 401 and not 408 and not 429)
                    return (answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken));
                if (time.GetElapsedTime(started) > Patience)
                    return (answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken));
            }
            catch (Exception error) when (IsNoAnswer(error) && !cancellationToken.IsCancellationRequested)
            {
                if (time.GetElapsedTime(started) > Patience)
                    throw;
            }

            tally.RequestResent();
            await Task.Delay(pause * (0.75 + (Random.Shared.NextDouble() / 2)), time, cancellationToken);
        }
    }

    /// <summary>Gets a new token unless somebody else just did.</summary>
    private async Task<bool> LogInAsync(string? refused, CancellationToken cancellationToken)
    {
        await _login.WaitAsync(cancellationToken);
        try
        {
            if (_token != refused)
                return true;
            using var answer = await http.PostAsJsonAsync("/api/v1/auth/token", new { email, password }, cancellationToken);
            if (!answer.IsSuccessStatusCode)
                return false;
            _token = (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("accessToken").GetString();
            return true;
        }
        catch (Exception error) when (IsNoAnswer(error) && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            _login.Release();
        }
    }

    private static bool IsNoAnswer(Exception error) => error is HttpRequestException or OperationCanceledException or IOException;

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
