using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>The shop's public API as a client sees it, through the gateway and nothing else.</summary>
public sealed class ShopClient(HttpClient http)
{
    public HttpClient Http => http;

    public async Task<JsonElement> Register(string email, string name, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/users", new { email, name, password = "Correct-Horse-1" }, cancellationToken);
        return await Body(answer, HttpStatusCode.Created, cancellationToken);
    }

    public async Task<HttpResponseMessage> PostOrder(UserId user, string key, object items, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/orders") { Content = JsonContent.Create(new { userId = user.ToString(), items }) };
        request.Headers.Add("Idempotency-Key", key);
        return await http.SendAsync(request, cancellationToken);
    }

    public async Task<JsonElement> PlaceOrder(UserId user, string key, object items, CancellationToken cancellationToken)
    {
        using var answer = await PostOrder(user, key, items, cancellationToken);
        return await Body(answer, HttpStatusCode.Accepted, cancellationToken);
    }

    public async Task<JsonElement> Get(string path, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(path, cancellationToken);
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

    public async Task<List<JsonElement>> Notifications(UserId user, CancellationToken cancellationToken) =>
        [.. (await Get($"/api/v1/notifications?userId={user}", cancellationToken)).GetProperty("items").EnumerateArray()];

    private static List<JsonElement> Events(JsonElement timeline) => [.. timeline.GetProperty("events").EnumerateArray()];

    private static async Task<JsonElement> Body(HttpResponseMessage answer, HttpStatusCode expected, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        answer.StatusCode.ShouldBe(expected, text);
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
