using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>The shop's public API as a client sees it, through the gateway and nothing else; with a token once somebody has logged in.</summary>
public sealed class ShopClient(HttpClient http, string? accessToken = null)
{
    private const string Password = "Correct-Horse-1";

    public async Task<JsonElement> Register(string email, string name, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/users", new { email, name, password = Password }, cancellationToken);
        return await Body(answer, HttpStatusCode.Created, cancellationToken);
    }

    /// <summary>The same shop for whoever has this address and password.</summary>
    public async Task<ShopClient> LogIn(string email, CancellationToken cancellationToken, string password = Password)
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/auth/token", new { email, password }, cancellationToken);
        return new ShopClient(http, (await Body(answer, HttpStatusCode.OK, cancellationToken)).GetProperty("accessToken").GetString());
    }

    public async Task<HttpResponseMessage> PostOrder(string key, object items, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Post, "/api/v1/orders");
        request.Content = JsonContent.Create(new { items });
        request.Headers.Add("Idempotency-Key", key);
        return await http.SendAsync(request, cancellationToken);
    }

    public async Task<JsonElement> PlaceOrder(string key, object items, CancellationToken cancellationToken)
    {
        using var answer = await PostOrder(key, items, cancellationToken);
        return await Body(answer, HttpStatusCode.Accepted, cancellationToken);
    }

    public async Task<JsonElement> Get(string path, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, path);
        using var answer = await http.SendAsync(request, cancellationToken);
        return await Body(answer, HttpStatusCode.OK, cancellationToken);
    }

    /// <summary>The events of an order that the read model knows, once all of <paramref name="types"/> are among them.</summary>
    public async Task<List<JsonElement>> Timeline(OrderId order, string[] types, CancellationToken cancellationToken)
    {
        var timeline = await Eventually.Get(
            $"timeline of {order} has {string.Join(", ", types)}",
            token => Get($"/api/v1/reports/orders/{order}/timeline", token),
            body => types.All(type => Events(body).Any(@event => @event.GetProperty("type").GetString() == type)),
            cancellationToken: cancellationToken);
        return Events(timeline);
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
