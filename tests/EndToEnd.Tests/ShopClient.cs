using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>A client of the shop's public API, through the gateway only; it sends a token after a login.</summary>
public sealed class ShopClient(HttpClient http, string? accessToken = null)
{
    /// <summary>Gets the token that its requests carry; null for a client that has not logged in.</summary>
    public string? AccessToken => accessToken;

    public const string Password = "Correct-Horse-1";

    private readonly ConcurrentDictionary<string, Money> _prices = new();

    public async Task<JsonElement> Register(string email, string name, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/users", new { email, name, password = Password }, cancellationToken);
        return await Body(answer, HttpStatusCode.Created, cancellationToken);
    }

    /// <summary>Returns a client that is logged in with this address and password.</summary>
    public async Task<ShopClient> LogIn(string email, CancellationToken cancellationToken, string password = Password)
    {
        using var form = LoginForm(email, password);
        using var answer = await http.PostAsync(new Uri("/connect/token", UriKind.Relative), form, cancellationToken);
        return new ShopClient(http, (await Body(answer, HttpStatusCode.OK, cancellationToken)).GetProperty("access_token").GetString());
    }

    public static FormUrlEncodedContent LoginForm(string email, string password) =>
        new([new("grant_type", "password"), new("client_id", "shop"), new("username", email), new("password", password)]);

    public async Task<HttpResponseMessage> PostOrder(string key, object items, CancellationToken cancellationToken, string paymentMethod = "sim-ok")
    {
        using var request = Request(HttpMethod.Post, "/api/v1/orders");
        request.Content = JsonContent.Create(new { items, paymentMethod, expectedTotal = await TotalOf(items, cancellationToken) });
        request.Headers.Add("Idempotency-Key", key);
        return await http.SendAsync(request, cancellationToken);
    }

    /// <summary>Returns the catalogue's total of these items.</summary>
    private async Task<Money> TotalOf(object items, CancellationToken cancellationToken)
    {
        var total = new Money(0, "EUR");
        foreach (var item in JsonSerializer.SerializeToElement(items).EnumerateArray())
        {
            var sku = item.GetProperty("sku").GetString()!;
            if (!_prices.TryGetValue(sku, out var price))
                _prices[sku] = price = (await Get($"/api/v1/products/{sku}", cancellationToken))
                    .GetProperty("price").Deserialize<Money>(JsonSerializerOptions.Web);
            total += price * item.GetProperty("quantity").GetInt32();
        }

        return total;
    }

    public async Task<JsonElement> PlaceOrder(string key, object items, CancellationToken cancellationToken, string paymentMethod = "sim-ok")
    {
        using var answer = await PostOrder(key, items, cancellationToken, paymentMethod);
        return await Body(answer, HttpStatusCode.Accepted, cancellationToken);
    }

    public async Task<JsonElement> Get(string path, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, path);
        using var answer = await http.SendAsync(request, cancellationToken);
        return await Body(answer, HttpStatusCode.OK, cancellationToken);
    }

    /// <summary>Returns the events of an order when the read model has all of <paramref name="types"/>.</summary>
    public async Task<List<JsonElement>> Timeline(OrderId order, string[] types, CancellationToken cancellationToken)
    {
        var timeline = await Eventually.Get(
            $"timeline of {order} has {string.Join(", ", types)}",
            token => Get($"/api/v1/reports/orders/{order}/timeline", token),
            body => types.All(type => Events(body).Any(@event => @event.GetProperty("type").GetString() == type)),
            cancellationToken: cancellationToken);
        return Events(timeline);
    }

    /// <summary>Returns the events of an ended order when the read model has all of them, the notifications included.</summary>
    public async Task<List<JsonElement>> SettledTimeline(OrderId order, CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        var timeline = await Eventually.Get(
            $"timeline of {order} is complete",
            token => Get($"/api/v1/reports/orders/{order}/timeline", token),
            body =>
            {
                var types = Events(body).ConvertAll(@event => @event.GetProperty("type").GetString());
                return types.Exists(type => type is "orders.order-confirmed" or "orders.order-cancelled")
                    && types.Count(type => type == "notifications.notification-sent") == types.Count(type => type!.StartsWith("orders.", StringComparison.Ordinal));
            },
            timeout, cancellationToken);
        return Events(timeline);
    }

    /// <summary>Returns the order's changes from its event stream.</summary>
    public async Task<List<string>> Follow(OrderId order, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, $"/api/v1/orders/{order}/events");
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var seen = new List<string>();
        await foreach (var item in SseParser.Create(await answer.Content.ReadAsStreamAsync(cancellationToken)).EnumerateAsync(cancellationToken))
        {
            if (item.EventType == "status")
                seen.Add(JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("status").GetString()!);
        }

        return seen;
    }

    public async Task<HttpStatusCode> Cancel(OrderId order, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, $"/api/v1/orders/{order}/cancel");
        using var answer = await http.SendAsync(request, cancellationToken);
        return answer.StatusCode;
    }

    /// <summary>Creates or replaces a product.</summary>
    public async Task PutProduct(string sku, object product, CancellationToken cancellationToken)
    {
        var status = await Put(null);
        if (status is HttpStatusCode.PreconditionRequired)
            status = await Put("*");
        status.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.OK);

        async Task<HttpStatusCode> Put(string? ifMatch)
        {
            using var request = Request(HttpMethod.Put, $"/api/v1/products/{sku}");
            request.Content = JsonContent.Create(product);
            if (ifMatch is not null)
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            using var answer = await http.SendAsync(request, cancellationToken);
            return answer.StatusCode;
        }
    }

    public async Task<List<JsonElement>> Notifications(CancellationToken cancellationToken) =>
        [.. (await Get("/api/v1/notifications", cancellationToken)).GetProperty("items").EnumerateArray()];

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        if (accessToken is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        return request;
    }

    private static List<JsonElement> Events(JsonElement timeline) => [.. timeline.GetProperty("events").EnumerateArray()];

    private static async Task<JsonElement> Body(HttpResponseMessage answer, HttpStatusCode expected, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        answer.StatusCode.ShouldBe(expected, text);
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
