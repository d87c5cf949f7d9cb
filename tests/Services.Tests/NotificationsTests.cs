using System.Net;
using System.Net.Http.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

[Collection(nameof(ReportingCollection))]
public sealed class NotificationsTests(ServersFixture servers, ReportingFixture shop)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HttpClient Http => shop.Notifications.Http;

    private UserId NewUser() => servers.Ids.User($"told-{Guid.NewGuid():N}@example.com");

    private async Task<UserId> Register(string name)
    {
        var email = $"told-{Guid.NewGuid():N}@example.com";
        (await servers.Users.Http.Post("/api/v1/users", new { email, name, password = "Correct-Horse-1" })).ShouldBe(HttpStatusCode.Created);
        return servers.Ids.User(email);
    }

    private async Task<string> NewProduct(string name)
    {
        var sku = $"N-{Guid.NewGuid():N}".ToUpperInvariant();
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}", new { name, price = new { amount = "12.50", currency = "EUR" }, stock = 1000 })).ShouldBe(HttpStatusCode.Created);
        return sku;
    }

    private Task<Answer> Place(UserId user, string key, string sku, int quantity) => servers.Orders.As(user).Send(
        HttpMethod.Post, "/api/v1/orders", JsonContent.Create(new { items = new[] { new { sku, quantity } } }), ("Idempotency-Key", key));

    [Fact]
    public async Task An_order_becomes_one_notification_for_each_of_its_events_under_derived_IDs_that_says_what_was_ordered()
    {
        var user = await Register("Ada Lovelace");
        var order = servers.Ids.Order(user, "cart-1");
        (await Place(user, "cart-1", await NewProduct("Analytical engine"), 2)).ShouldBe(HttpStatusCode.Accepted);

        var all = await shop.Notified(user, 2);
        all.Select(notification => notification.GetProperty("kind").GetString()).ShouldBe(["order-confirmed", "order-placed"]);
        all[0].GetProperty("id").GetString().ShouldBe(servers.Ids.Notification(user, "order-confirmed", order.Value).ToString());
        all[0].GetProperty("text").GetString()!.ShouldEndWith("Your order is confirmed: 25.00 EUR were paid.");
        var told = all[1];

        told.GetProperty("id").GetString().ShouldBe(servers.Ids.Notification(user, "order-placed", order.Value).ToString());
        told.GetProperty("userId").GetString().ShouldBe(user.ToString());
        told.GetProperty("kind").GetString().ShouldBe("order-placed");
        told.GetProperty("reference").GetString().ShouldBe(order.ToString());
        told.GetProperty("state").GetString().ShouldBe("delivered");
        told.GetProperty("channel").GetString().ShouldBe("in-app");
        told.GetProperty("createdAt").GetDateTimeOffset().ShouldBeInRange(DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow.AddSeconds(1));
        await Eventually.Get(
            "the user's name is known",
            async _ => (await shop.Notified(user, 2))[1].GetProperty("text").GetString(),
            text => text == "Hello Ada Lovelace. Thank you for your order: 2 × Analytical engine, 25.00 EUR in total.",
            cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Two_hundred_identical_orders_at_once_are_told_of_once()
    {
        var (user, sku) = (NewUser(), await NewProduct("Mug"));
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Place(user, "cart-1", sku, 1)));

        // What comes after them for the same user shows that nothing of them is still on its way.
        await shop.Notified(user, 2);
        await Place(user, "cart-2", sku, 1);
        (await shop.Notified(user, 4)).Count.ShouldBe(4);
    }

    [Fact]
    public async Task An_event_that_comes_three_times_is_one_notification_that_is_announced_once()
    {
        var user = NewUser();
        var placed = shop.Order(user, "cart-1");
        for (var delivery = 0; delivery < 3; delivery++)
            await shop.Publish(placed.OrderId.Value, 1, placed);
        await shop.Report($"/api/v1/reports/orders/{placed.OrderId}/timeline", timeline => timeline.GetProperty("events").GetArrayLength() >= 2);

        (await shop.Notified(user, 1)).Count.ShouldBe(1);
        (await shop.Notifications.Database.Scalar<int>(
            "select jsonb_array_length(document -> 'events') from notifications where user_id = $1", user.Value)).ShouldBe(1);
    }

    [Theory]
    [InlineData("out-of-stock", "Your order is cancelled: there is not enough of a product. Nothing was charged.")]
    [InlineData("payment-declined", "Your order is cancelled: the payment was declined. Nothing was charged.")]
    [InlineData("timed-out", "Your order is cancelled: it could not be completed in time. Whatever was charged is refunded.")]
    [InlineData("customer-request", "Your order is cancelled, as you asked for. Whatever was charged is refunded.")]
    [InlineData("a-reason-of-a-later-release", "Your order is cancelled. Whatever was charged is refunded.")]
    public async Task A_cancelled_order_is_told_of_with_its_reason(string reason, string text)
    {
        var user = NewUser();
        var placed = shop.Order(user, "cart-1");
        await shop.Publish(placed.OrderId.Value, 1, placed);
        await shop.Publish(placed.OrderId.Value, 2, new OrderCancelled(placed.OrderId, user, reason, placed.Total, DateTimeOffset.UtcNow));

        var told = (await shop.Notified(user, 2)).Single(notification => notification.GetProperty("kind").GetString() == "order-cancelled");

        told.GetProperty("id").GetString().ShouldBe(servers.Ids.Notification(user, "order-cancelled", placed.OrderId.Value).ToString());
        told.GetProperty("text").GetString().ShouldBe(text);
    }

    [Fact]
    public async Task A_changed_name_is_used_from_then_on_and_an_older_event_does_not_bring_the_old_one_back()
    {
        var user = NewUser();
        await shop.Publish(user.Value, 2, new UserProfileChanged(user, "New name", DateTimeOffset.UtcNow));
        await shop.Publish(user.Value, 1, new UserRegistered(user, "old@example.com", "Old name", DateTimeOffset.UtcNow));
        var placed = shop.Order(user, "cart-1");
        await shop.Publish(placed.OrderId.Value, 1, placed);

        await Eventually.Get(
            "the new name is used",
            async _ => (await shop.Notified(user, 1))[0].GetProperty("text").GetString()!,
            text => text.StartsWith("Hello New name. ", StringComparison.Ordinal), cancellationToken: Cancellation);
    }

    [Fact]
    public async Task No_e_mail_address_is_kept()
    {
        var user = await Register("Grace Hopper");
        await Eventually.True(
            "the user is known",
            async _ => await shop.Notifications.Database.Scalar<long>("select count(*) from users where id = $1", user.Value) == 1, cancellationToken: Cancellation);

        (await shop.Notifications.Database.Scalar<long>("select count(*) from users where document::text like '%@%'")).ShouldBe(0);
    }

    [Fact]
    public async Task Notifications_are_listed_newest_first_in_pages_that_fit_together()
    {
        var user = NewUser();
        for (var number = 1; number <= 7; number++)
        {
            var placed = shop.Order(user, $"cart-{number}");
            await shop.Publish(placed.OrderId.Value, 1, placed);
        }
        var all = await shop.Notified(user, 7);
        var times = all.Select(told => told.GetProperty("createdAt").GetDateTimeOffset()).ToList();
        times.ShouldBeInOrder(SortDirection.Descending);
        times.ShouldAllBe(time => time.Ticks % TimeSpan.TicksPerMillisecond == 0);

        var walked = new List<string>();
        for (string? cursor = null; ;)
        {
            var page = await shop.Notifications.As(user).Get($"/api/v1/notifications?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            page.ShouldBe(HttpStatusCode.OK);
            walked.AddRange(page.Body.GetProperty("items").EnumerateArray().Select(told => told.GetProperty("id").GetString()!));
            if ((cursor = page.Body.GetProperty("nextCursor").GetString()) is null)
                break;
        }
        walked.ShouldBe(all.Select(told => told.GetProperty("id").GetString()));

        // A cursor belongs to the list that it came from.
        var first = await shop.Notifications.As(user).Get("/api/v1/notifications?limit=3");
        var other = await shop.Notifications.As(NewUser()).Get($"/api/v1/notifications?limit=3&cursor={first.Text("nextCursor")}");
        other.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        other.Fields.ShouldBe(["cursor"]);
    }

    [Fact]
    public async Task A_user_without_notifications_has_an_empty_list()
    {
        var user = NewUser();
        var answer = await shop.Notifications.As(user).Get($"/api/v1/notifications?userId={user}");
        answer.ShouldBe(HttpStatusCode.OK);
        answer.Body.ToString().ShouldBe("""{"items":[],"nextCursor":null}""");
    }

    [Theory]
    [InlineData("")]
    [InlineData("ada@example.com")]
    [InlineData("6e16f6c3-de6b-55c3-80ba-75907720bb8a")]
    public async Task Whoever_names_somebody_else_is_refused(string userId) =>
        (await shop.Notifications.As(NewUser()).Get($"/api/v1/notifications?userId={userId}")).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");

    [Theory]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=101", "limit")]
    [InlineData("?limit=many", "limit")]
    [InlineData("?cursor=", "cursor")]
    [InlineData("?cursor=AAAA", "cursor")]
    [InlineData("?cursor=%00%E2%82%AC", "cursor")]
    public async Task A_bad_question_is_told_which_fields_are_wrong(string query, params string[] fields)
    {
        var answer = await Http.Get("/api/v1/notifications" + query);
        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(fields);
    }
}
