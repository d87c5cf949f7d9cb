using System.Net;
using System.Text.Json;
using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>What many tests do with the shop.</summary>
internal static class ShopSteps
{
    public static async Task<JsonElement> PlaceOrder(
        this ShopClient shop, string key, OrderedItem[] items, CancellationToken cancellationToken, string paymentMethod = "sim-ok") =>
        (await shop.PlaceOrderAsync(key, items, paymentMethod, cancellationToken)).Expect(HttpStatusCode.Accepted).Json;

    public static async Task<List<string>> Follow(this ShopClient shop, OrderId order, CancellationToken cancellationToken) =>
        await shop.FollowOrderAsync(order, cancellationToken).ToListAsync(cancellationToken);

    public static async Task<List<JsonElement>> Notifications(this ShopClient shop, CancellationToken cancellationToken) =>
        [.. (await shop.GetAsync("/api/v1/notifications", cancellationToken)).GetProperty("items").EnumerateArray()];

    /// <summary>Returns the events of an order in the read model, once all of <paramref name="types"/> are among them.</summary>
    public static Task<List<JsonElement>> Timeline(
        this ShopClient shop, OrderId order, string[] types, CancellationToken cancellationToken) =>
        shop.Timeline(order, seen => types.All(seen.Contains), null, cancellationToken);

    /// <summary>
    /// Returns the events of an order that is over once the read model has all of them, with a notification for each step.
    /// </summary>
    public static Task<List<JsonElement>> SettledTimeline(
        this ShopClient shop, OrderId order, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        shop.Timeline(
            order,
            types => types.Exists(type => type is "orders.order-confirmed" or "orders.order-cancelled")
                && types.Count(type => type == "notifications.notification-sent")
                    == types.Count(type => type!.StartsWith("orders.", StringComparison.Ordinal)),
            timeout, cancellationToken);

    private static Task<List<JsonElement>> Timeline(
        this ShopClient shop, OrderId order, Func<List<string?>, bool> isComplete, TimeSpan? timeout,
        CancellationToken cancellationToken) =>
        Eventually.Get(
            $"the timeline of {order} is complete",
            async token =>
                (await shop.GetAsync($"/api/v1/reports/orders/{order}/timeline", token)).GetProperty("events").EnumerateArray().ToList(),
            events => isComplete(events.ConvertAll(@event => @event.GetProperty("type").GetString())), timeout, cancellationToken);
}
