using System.Net;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

[Collection(nameof(ReportingCollection))]
public sealed class NotificationsTests(ServersFixture servers, ReportingFixture shop)
{
    private const string Path = "/api/v1/notifications";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Database => shop.Notifications.Database;

    private UserId NewUser() => servers.Ids.User($"notified-{Guid.NewGuid():N}@example.com");

    private static OrderConfirmed Confirmed(OrderPlaced placed) =>
        new(placed.OrderId, placed.UserId, placed.Total, TimeProvider.System.GetUtcNow());

    private Task<string> Name(UserId user) =>
        Database.Scalar<string>("select coalesce(max(name), '') from users where id = $1", user.Value);

    [Fact]
    public async Task Events_of_an_order_become_notifications_with_derived_IDs()
    {
        var user = NewUser();
        var placed = shop.Order(user, "cart-1", quantity: 2);
        var order = placed.OrderId;
        await shop.Publish(order.Value, 1, placed);
        await shop.Publish(order.Value, 2, Confirmed(placed));

        var all = await shop.Notified(user, 2);

        all.Select(notification => notification.GetProperty("kind").GetString())
            .ShouldBe(["order-confirmed", "order-placed"], ignoreOrder: true);
        var confirmed = all.Single(notification => notification.GetProperty("kind").GetString() == "order-confirmed");
        confirmed.GetProperty("id").GetString().ShouldBe(servers.Ids.Notification(user, "order-confirmed", order.Value).ToString());
        confirmed.GetProperty("text").GetString().ShouldBe("Your order is confirmed: 25.00 EUR were paid.");
        var first = all.Single(notification => notification.GetProperty("kind").GetString() == "order-placed");
        first.GetProperty("id").GetString().ShouldBe(servers.Ids.Notification(user, "order-placed", order.Value).ToString());
        first.GetProperty("text").GetString().ShouldBe("Thank you for your order: 2 × Mug, 25.00 EUR in total.");
        first.GetProperty("userId").GetString().ShouldBe(user.ToString());
        first.GetProperty("reference").GetString().ShouldBe(order.ToString());
        first.GetProperty("state").GetString().ShouldBe("delivered");
        first.GetProperty("channel").GetString().ShouldBe("in-app");
        first.GetProperty("createdAt").GetDateTimeOffset()
            .ShouldBeInRange(TimeProvider.System.GetUtcNow().AddMinutes(-2), TimeProvider.System.GetUtcNow().AddSeconds(1));
    }

    [Fact]
    public async Task Order_of_four_items_names_three_of_them()
    {
        var user = NewUser();
        var placed = shop.Order(user, "cart-1");
        placed = placed with { Items = [.. Enumerable.Range(1, 4)
            .Select(number => placed.Items[0] with { Name = $"Mug {number}", Quantity = number })] };

        await shop.Notifications.Handle(placed.OrderId.Value, placed);

        (await shop.Notified(user, 1)).ShouldHaveSingleItem().GetProperty("text").GetString()
            .ShouldBe("Thank you for your order: 1 × Mug 1, 2 × Mug 2, 3 × Mug 3 and 1 more, 12.50 EUR in total.");
    }

    [Fact]
    public async Task Event_delivered_three_times_is_notified_and_announced_once()
    {
        var user = NewUser();
        var placed = shop.Order(user, "cart-1");
        for (var delivery = 0; delivery < 3; delivery++)
            await shop.Publish(placed.OrderId.Value, 1, placed);
        // A partition is handled in order, so this one is handled after the three.
        await shop.Publish(placed.OrderId.Value, 2, Confirmed(placed));

        (await shop.Notified(user, 2)).Count.ShouldBe(2);
        var id = servers.Ids.Notification(user, "order-placed", placed.OrderId.Value);
        (await Database.Scalar<string>("select string_agg(type || ' ' || sequence, ', ') from outbox where subject = $1", id.Value))
            .ShouldBe("notifications.notification-sent 1");
    }

    [Fact]
    public async Task Same_notification_from_two_events_is_created_once()
    {
        var user = NewUser();
        var placed = shop.Order(user, "cart-1");
        var (first, second) = (Delivery.New(placed.OrderId.Value, placed), Delivery.New(placed.OrderId.Value, placed));

        await shop.Notifications.HandleBatch(first, second);
        await shop.Notifications.Handle(placed.OrderId.Value, placed);

        (await shop.Notified(user, 1)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Announcement_carries_its_cause_and_the_stored_time()
    {
        var user = NewUser();
        var placed = shop.Order(user, "cart-1");
        var delivery = Delivery.New(placed.OrderId.Value, placed);

        await shop.Notifications.HandleBatch(delivery);

        const string equal = """
            select o.causation_id = $2 and (o.payload ->> 'sentAt')::timestamptz = n.created_at
            from notifications n join outbox o on o.subject = n.id where n.reference = $1
            """;
        (await Database.Scalar<bool>(equal, placed.OrderId.Value, delivery.Context.Id.Value)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("out-of-stock", "Your order is cancelled: there is not enough of a product. Nothing was charged.")]
    [InlineData("payment-declined", "Your order is cancelled: the payment was declined. Nothing was charged.")]
    [InlineData("timed-out", "Your order is cancelled: it could not be completed in time. Whatever was charged is refunded.")]
    [InlineData("customer-request", "Your order is cancelled, as you asked for. Whatever was charged is refunded.")]
    [InlineData("a-reason-of-a-later-release", "Your order is cancelled. Whatever was charged is refunded.")]
    public async Task Cancelled_order_is_notified_with_its_reason(string reason, string text)
    {
        var user = NewUser();
        var placed = shop.Order(user, "cart-1");

        await shop.Notifications.Handle(
            placed.OrderId.Value, new OrderCancelled(placed.OrderId, user, reason, placed.Total, TimeProvider.System.GetUtcNow()));

        var cancelled = (await shop.Notified(user, 1)).ShouldHaveSingleItem();
        cancelled.GetProperty("id").GetString()
            .ShouldBe(servers.Ids.Notification(user, "order-cancelled", placed.OrderId.Value).ToString());
        cancelled.GetProperty("text").GetString().ShouldBe(text);
    }

    [Fact]
    public async Task Greeting_uses_the_latest_name_although_an_older_event_arrives_later()
    {
        var user = NewUser();
        var placed = shop.Order(user, "cart-1");
        await shop.Publish(placed.OrderId.Value, 1, placed);
        await shop.Publish(user.Value, 2, new UserProfileChanged(user, "New name", TimeProvider.System.GetUtcNow()));
        await shop.Publish(user.Value, 1, new UserRegistered(user, "old@example.com", "Old name", TimeProvider.System.GetUtcNow()));

        await Eventually.Get(
            "the new name is used",
            async _ => (await shop.Notified(user, 1))[0].GetProperty("text").GetString()!,
            text => text.StartsWith("Hello New name. ", StringComparison.Ordinal), cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Batch_of_user_events_stores_the_latest_name_of_each_user()
    {
        var (first, second, unchanged) = (NewUser(), NewUser(), NewUser());
        Delivery Registered(UserId user, string name) =>
            Delivery.New(user.Value, new UserRegistered(user, "someone@example.com", name, TimeProvider.System.GetUtcNow()), 1);
        Delivery Changed(UserId user, string name, long sequence) =>
            Delivery.New(user.Value, new UserProfileChanged(user, name, TimeProvider.System.GetUtcNow()), sequence);
        await shop.Notifications.HandleBatch(Changed(unchanged, "Latest", 5));

        await shop.Notifications.HandleBatch(
            Registered(first, "A"), Registered(second, "B"), Changed(first, "A2", 2),
            Changed(second, "B3", 3), Changed(second, "B2", 2), Changed(unchanged, "Older", 4));

        (await Task.WhenAll(Name(first), Name(second), Name(unchanged))).ShouldBe(["A2", "B3", "Latest"]);
        (await Database.Scalar<long>("select count(*) from users where users::text like '%@%'")).ShouldBe(0, "no e-mail address is stored");
    }

    [Fact]
    public async Task Pages_list_each_notification_once_the_latest_first()
    {
        var user = NewUser();
        var placed = Enumerable.Range(1, 6).Select(number => shop.Order(user, $"cart-{number}")).ToList();
        await shop.Notifications.HandleBatch(placed.Select(order => Delivery.New(order.OrderId.Value, order)));
        // The same time for six of them, so that their order is that of their IDs.
        const string sameTime = """
            with same as (update notifications set created_at = now() - interval '1 hour' where user_id = $1 returning 1)
            select count(*) from same
            """;
        (await Database.Scalar<long>(sameTime, user.Value)).ShouldBe(6);
        var last = shop.Order(user, "cart-7");
        await shop.Notifications.Handle(last.OrderId.Value, last);
        var all = (await shop.Notified(user, 7)).ConvertAll(notification => notification.GetProperty("id").GetString()!);
        all[0].ShouldBe(servers.Ids.Notification(user, "order-placed", last.OrderId.Value).ToString());

        var walked = new List<string>();
        var cursor = "";
        do
        {
            var page = await shop.Notifications.As(user).Get($"{Path}?limit=3{cursor}");
            page.ShouldBe(HttpStatusCode.OK);
            walked.AddRange(
                page.Body.GetProperty("items").EnumerateArray().Select(notification => notification.GetProperty("id").GetString()!));
            cursor = page.Body.GetProperty("nextCursor").GetString() is { } next ? $"&cursor={next}" : null;
        }
        while (cursor is not null);

        walked.ShouldBe(all);
    }

    [Fact]
    public async Task Cursor_of_another_user_lists_only_the_callers_notifications()
    {
        var (owner, other) = (NewUser(), NewUser());
        foreach (var placed in new[] { shop.Order(other, "cart-0"), shop.Order(owner, "cart-1"), shop.Order(owner, "cart-2") })
            await shop.Notifications.Handle(placed.OrderId.Value, placed);
        var cursor = (await shop.Notifications.As(owner).Get($"{Path}?limit=1")).Text("nextCursor");

        var page = await shop.Notifications.As(other).Get($"{Path}?cursor={cursor}");

        page.Body.GetProperty("items").EnumerateArray().ShouldHaveSingleItem().GetProperty("userId").GetString().ShouldBe(other.ToString());
    }

    [Fact]
    public async Task User_without_notifications_gets_an_empty_list()
    {
        var user = NewUser();
        var answer = await shop.Notifications.As(user).Get(Path);
        answer.ShouldBe(HttpStatusCode.OK);
        answer.Body.ToString().ShouldBe("""{"items":[],"nextCursor":null}""");
    }

    [Theory]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=101", "limit")]
    [InlineData("?limit=many", "limit")]
    [InlineData("?cursor=", "cursor")]
    [InlineData("?cursor=AAAA", "cursor")]
    [InlineData("?cursor=________________________________", "cursor")]
    [InlineData("?cursor=%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21%21", "cursor")]
    [InlineData("?cursor=%00%E2%82%AC", "cursor")]
    [InlineData("?limit=0&cursor=AAAA", "cursor", "limit")]
    public async Task Invalid_query_returns_400_and_names_the_fields(string query, params string[] fields)
    {
        var answer = await shop.Notifications.Http.Get(Path + query);
        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(fields, ignoreOrder: true);
    }
}
