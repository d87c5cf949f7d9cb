using System.Net;
using System.Text.Json;
using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;

namespace ForgeShop.Journeys;

/// <summary>What many tests do with the shop.</summary>
public static class ShopSteps
{
    /// <summary>The password of every user that a test registers.</summary>
    public const string Password = "Correct-Horse-1";

    /// <summary>Registers a user with the password of all tests, and returns the account.</summary>
    public static async Task<JsonElement> Register(
        this IShopUnderTest shop, string email, string name, CancellationToken cancellationToken)
    {
        using var anonymous = new ShopClient(shop.Http);
        return (await anonymous.RegisterAsync(new(email, Password), name, cancellationToken)).Expect(HttpStatusCode.Created).Json;
    }

    /// <summary>Returns a client that is logged in.</summary>
    public static async Task<ShopClient> LogIn(
        this IShopUnderTest shop, string email, CancellationToken cancellationToken, string password = Password)
    {
        var client = new ShopClient(shop.Http);
        (await client.LogInAsync(new(email, password), cancellationToken)).Expect(HttpStatusCode.OK);
        return client;
    }

    /// <summary>A customer who registered and logged in just now.</summary>
    public static async Task<(UserId User, ShopClient Shop)> NewCustomer(
        this IShopUnderTest shop, string name, CancellationToken cancellationToken)
    {
        var email = $"{name}-{Guid.NewGuid():N}@example.com";
        await shop.Register(email, "Ada Lovelace", cancellationToken);
        return (new ForgeIds().User(email), await shop.LogIn(email, cancellationToken));
    }

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
