using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;
using Json.Schema;

namespace ForgeShop.Services.Tests;

/// <summary>The audit of a whole shop on real servers. Each test leaves the shop consistent.</summary>
[Collection(nameof(AuditCollection))]
public sealed class AuditTests(AuditFixture shop)
{
    [Fact]
    public async Task Every_service_answers_as_the_schema_says()
    {
        await shop.CompleteAsync(await shop.RegisterAsync(), "schema");
        var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs", "audit.schema.json")))!.AsObject();
        foreach (var (service, http) in shop.Services)
        {
            var catalogue = await http.Get("/internal/audit");
            catalogue.ShouldBe(HttpStatusCode.OK);
            ShouldMatch(schema, "catalogue", catalogue.Body, service);
            var collections = catalogue.Body.GetProperty("collections").EnumerateArray()
                .Select(collection => collection.GetProperty("name").GetString()).ToList();
            collections.ShouldNotBeEmpty();
            foreach (var collection in collections)
            {
                // Every entry once, whatever the size of the pages, and again by its ID.
                var (ids, after) = (new List<Guid>(), (string?)null);
                do
                {
                    var page = await http.Get(
                        $"/internal/audit/{collection}?limit=2{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}");
                    page.ShouldBe(HttpStatusCode.OK);
                    ShouldMatch(schema, "page", page.Body, $"{service}/{collection}");
                    ids.AddRange(page.Body.GetProperty("items").EnumerateArray().Select(entry => entry.GetProperty("id").GetGuid()));
                    after = page.Body.GetProperty("next").GetString();
                }
                while (after is not null);
                if (collection != "cache")
                    ids.ShouldBe(ids.Order());
                ids.ShouldBeUnique();
                var found = await http.Post($"/internal/audit/{collection}/lookup", new { ids = ids.Take(3).Append(Guid.NewGuid()) });
                ShouldMatch(schema, "page", found.Body, $"{service}/{collection}/lookup");
                found.Body.GetProperty("items").GetArrayLength().ShouldBe(Math.Min(3, ids.Count), $"{service}/{collection}");
            }
        }
    }

    [Fact]
    public async Task Protocol_refuses_wrong_cursors_and_sizes()
    {
        foreach (var (service, http) in shop.Services)
        {
            var collection = service == "reporting" ? "events" : "outbox";
            foreach (var query in new[] { "after=%21", "limit=0", "limit=1001", "limit=x" })
                (await http.Get($"/internal/audit/{collection}?{query}")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
            (await http.Get("/internal/audit/nothing")).ShouldBeProblem(HttpStatusCode.NotFound, "collection-not-found");
        }
        (await shop.Services[2].Http.Post("/internal/audit/orders/repair",
            new { ids = new[] { Guid.NewGuid() }, events = Array.Empty<object>() }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "not-repairable");
    }

    [Fact]
    public async Task Sweep_of_a_working_shop_has_no_false_alarm()
    {
        var user = await shop.RegisterAsync();
        await shop.CompleteAsync(user, "recorded");
        AuditFixture.ShouldBeConsistent(await shop.AuditAsync());
        var recorded = await shop.Reporting.Database.Scalar<long>("select count(*) from events");
        recorded.ShouldBePositive();
        var orders = Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => shop.PlaceAsync(user, $"busy-{i}", i % 5 == 0 ? "sim-declined" : "sim-ok")));
        var busy = await shop.AuditAsync();
        await orders;

        AuditFixture.ShouldBeConsistent(busy);
        var quiet = await shop.AuditAsync();
        AuditFixture.ShouldBeConsistent(quiet);
        quiet.GetProperty("estimate").GetInt64().ShouldBeGreaterThanOrEqualTo(recorded, "the estimate includes Reporting's own stores");
    }

    [Fact]
    public async Task Each_kind_of_tampering_is_found_in_its_store_and_repaired_by_its_owner()
    {
        var user = await shop.RegisterAsync();
        var (first, second) = (await shop.CompleteAsync(user, "tampered-1"), await shop.CompleteAsync(user, "tampered-2"));
        var declined = await shop.CompleteAsync(user, "tampered-3", "sim-declined");
        await shop.Orders.As(user).Get($"/api/v1/orders/{first}");
        await shop.Orders.As(user).Get($"/api/v1/orders/{second}");
        AuditFixture.ShouldBeConsistent(await shop.AuditAsync());
        var before = await shop.StateAsync();

        // A document that nothing explains, not even the positions that it claims to include.
        var orphan = Guid.NewGuid();
        await AuditFixture.ExecuteAsync(
            shop.Reporting.Database,
            """
            insert into orders (id, version, document)
            select $1, 1, jsonb_set(document, '{positions}', '{"order.events-0@elsewhere": 999999}') from orders where id = $2
            """,
            orphan, first.Value);
        // Repaired: the cache, documents, a total, a notification, a foreign event.
        await shop.CopyCacheEntryAsync(from: second, to: first);
        await AuditFixture.ExecuteAsync(shop.Reporting.Database,
            "update orders set document = jsonb_set(document, '{status}', '\"cancelled\"') where id = $1", first.Value);
        await AuditFixture.ExecuteAsync(shop.Reporting.Database, "delete from orders where id = $1", second.Value);
        await AuditFixture.ExecuteAsync(
            shop.Reporting.Database, "update customers set document = jsonb_set(document, '{orderCount}', '99') where id = $1", user.Value);
        await AuditFixture.ExecuteAsync(
            shop.Reporting.Database, "update sales_days set document = jsonb_set(document, '{orderCount}', '99')");
        var lost = shop.Ids.Notification(user, "order-confirmed", first.Value);
        await AuditFixture.ExecuteAsync(shop.Notifications.Database, "delete from notifications where id = $1", lost.Value);
        var foreign = await shop.PublishForeignAsync(user.Value, 2, new UserDeactivated(user, TimeProvider.System.GetUtcNow()));
        await Eventually.True("the foreign event is recorded", async _ =>
            await shop.Reporting.Database.Scalar<long>("select count(*) from events where id = $1", foreign.Value) == 1);

        var found = AuditFixture.Findings(await shop.AuditAsync());
        found.ShouldContain($"orders/cache mismatch {first}");
        found.ShouldContain($"reporting/orders mismatch {first}");
        found.ShouldContain($"reporting/customers mismatch {user}");
        found.ShouldContain(finding => finding.StartsWith("reporting/sales_days mismatch", StringComparison.Ordinal));
        found.ShouldContain($"notifications/notifications missing {lost}");
        found.ShouldContain($"reporting/events orphan {foreign}");
        found.ShouldContain($"reporting/orders missing {second}");
        found.ShouldContain($"reporting/orders orphan {orphan}");
        found.ShouldNotContain(finding => finding.Contains($"{declined}", StringComparison.Ordinal));

        var repaired = await shop.AuditAsync(repair: true);
        repaired.GetProperty("repaired").GetInt64().ShouldBe(repaired.GetProperty("wrong").GetInt64(), repaired.ToString());
        AuditFixture.ShouldBeConsistent(repaired);
        repaired.GetProperty("repairs").EnumerateArray().Select(repair => repair.GetProperty("action").GetString()).Distinct()
            .ShouldBe(["dropped", "rebuilt", "removed", "made", "set-aside"], ignoreOrder: true);
        AuditFixture.ShouldBeConsistent(await shop.AuditAsync());
        // Nothing else changed.
        (await shop.StateAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Changed_and_removed_rows_are_reported_and_not_repaired()
    {
        var user = await shop.RegisterAsync();
        var (order, rekeyed) = (await shop.CompleteAsync(user, "rows"), await shop.CompleteAsync(user, "rekeyed"));
        var payment = shop.Ids.Payment(order, 1);
        var (other, saga) = (Guid.NewGuid(), shop.Ids.Saga(order));
        AuditFixture.ShouldBeConsistent(await shop.AuditAsync());

        await AuditFixture.ExecuteAsync(shop.Payments.Database, "update payments set id = $2 where id = $1", payment.Value, other);
        await AuditFixture.ExecuteAsync(shop.Orders.Database, "create table kept as select * from sagas where id = $1", saga.Value);
        await AuditFixture.ExecuteAsync(shop.Orders.Database, "delete from sagas where id = $1", saga.Value);
        await AuditFixture.ExecuteAsync(shop.Orders.Database, "update orders set reference = 'changed' where id = $1", rekeyed.Value);
        try
        {
            var report = await shop.AuditAsync(repair: true);
            AuditFixture.Findings(report).ShouldBe(
                [$"orders/orders mismatch {rekeyed}", $"orders/sagas missing {saga}", $"payments/payments mismatch {other}"]);
            report.GetProperty("state").GetString().ShouldBe("inconsistent");
            report.GetProperty("repairs").GetArrayLength().ShouldBe(0);
            var entity = await shop.Reporting.Http.Get($"/api/v1/audit/payments?order={order}&attempt=1");
            entity.Body.GetProperty("consistent").GetBoolean().ShouldBeFalse();
        }
        finally
        {
            await AuditFixture.ExecuteAsync(shop.Payments.Database, "update payments set id = $1 where id = $2", payment.Value, other);
            await AuditFixture.ExecuteAsync(shop.Orders.Database, "insert into sagas select * from kept");
            await AuditFixture.ExecuteAsync(shop.Orders.Database, "drop table kept");
            await AuditFixture.ExecuteAsync(shop.Orders.Database, "update orders set reference = 'rekeyed' where id = $1", rekeyed.Value);
        }
        AuditFixture.ShouldBeConsistent(await shop.AuditAsync());
        var right = await shop.Reporting.Http.Get($"/api/v1/audit/orders?user={user}&reference=rows");
        right.Body.GetProperty("consistent").GetBoolean().ShouldBeTrue(right.ToString());
        right.Body.GetProperty("expectedId").GetString().ShouldBe(order.ToString());
        right.Body.GetProperty("stores").EnumerateArray().Select(store => store.GetProperty("store").GetString())
            .ShouldBe(
                [
                    "orders/orders", "orders/cache", "reporting/orders", "orders/order-lines", "orders/sagas", "inventory/reservations",
                    "payments/payments", "payments/ledger", "notifications/notifications", "notifications/notifications",
                ], ignoreOrder: true);
    }

    [Fact]
    public async Task Everything_that_carries_an_ID_is_found_from_its_natural_key()
    {
        var user = await shop.RegisterAsync();
        var order = await shop.CompleteAsync(user, "found");
        AuditFixture.ShouldBeConsistent(await shop.AuditAsync());
        var email = await shop.Users.Database.Scalar<string>("select email from users where id = $1", user.Value);

        await ShouldCarryAsync($"users?key={email}",
            [
                "users/users", "notifications/users", "orders/orders", "notifications/notifications", "reporting/customers",
                "reporting/customer_spending", "reporting/orders",
            ],
            [UserRegistered.Type, OrderPlaced.Type, OrderConfirmed.Type, NotificationSent.Type]);
        await ShouldCarryAsync(
            $"payments?order={order}&attempt=1", ["payments/payments", "payments/ledger", "reporting/orders"], [PaymentCharged.Type]);
        await ShouldCarryAsync(
            $"products?key={AuditFixture.Sku}", ["inventory/products", "orders/products", "reporting/product_sales"],
            [ProductChanged.Type]);
        await ShouldCarryAsync($"reservations?key={order}", ["inventory/reservations", "reporting/orders"], [StockReserved.Type]);
    }

    private async Task ShouldCarryAsync(string key, string[] stores, string[] events)
    {
        var found = (await shop.Reporting.Http.Get($"/api/v1/audit/{key}")).Body;
        found.GetProperty("consistent").GetBoolean().ShouldBeTrue(found.ToString());
        // The users' cache depends on earlier requests.
        found.GetProperty("stores").EnumerateArray().Select(store => store.GetProperty("store").GetString()!).Distinct()
            .Where(store => !store.EndsWith("/cache", StringComparison.Ordinal)).ShouldBe(stores, ignoreOrder: true);
        var carrying = found.GetProperty("events").EnumerateArray().ToList();
        carrying.Select(recorded => recorded.GetProperty("type").GetString()!).Distinct().ShouldBe(events, ignoreOrder: true);
        foreach (var recorded in carrying)
        {
            var holders = recorded.GetProperty("stores").EnumerateArray().Select(store => store.GetString()!).ToList();
            holders.ShouldContain("reporting/events");
            holders.ShouldContain(store => store.EndsWith("/outbox", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Outbox_row_that_never_reached_its_topic_is_replayed()
    {
        var user = await shop.RegisterAsync();
        var id = shop.Ids.Event(user.Value, UserProfileChanged.Type, 2);
        var changed = JsonSerializer.Serialize(
            new UserProfileChanged(user, "Augusta", TimeProvider.System.GetUtcNow()), ContractsJson.Options);
        await AuditFixture.ExecuteAsync(
            shop.Users.Database, "update users set name = 'Augusta', last_sequence = 2 where id = $1", user.Value);
        await AuditFixture.ExecuteAsync(
            shop.Users.Database,
            """
            insert into outbox (event_id, topic, type, subject, sequence, version, payload, occurred_at, published_at)
            values ($1, 'user.events', $2, $3, 2, 1, $4::json, now(), now())
            """,
            id.Value, UserProfileChanged.Type, user.Value, changed);

        AuditFixture.Findings(await shop.AuditAsync()).ShouldContain($"kafka/user.events missing {id}");
        var repaired = await shop.AuditAsync(repair: true);

        AuditFixture.ShouldBeConsistent(repaired);
        repaired.GetProperty("repairs").EnumerateArray().ShouldContain(repair => repair.GetProperty("action").GetString() == "replayed");
        (await shop.Notifications.Database.Scalar<string>("select name from users where id = $1", user.Value)).ShouldBe("Augusta");
    }

    [Fact]
    public async Task Sweep_of_a_killed_replica_is_continued_where_it_was()
    {
        var complete = await shop.AuditAsync();
        var done = StoresOf(complete).Where(store => store != "orders/orders").Append("reporting/folds").ToArray();
        // As a replica leaves it that was killed before it read the orders.
        await AuditFixture.ExecuteAsync(
            shop.Reporting.Database,
            """
            update audit_runs set document = document || jsonb_build_object(
                'status', 'Running', 'finishedAt', null, 'leasedUntil', '2026-01-01T00:00:00Z', 'replica', gen_random_uuid(),
                'stores', '[]'::jsonb, 'done', to_jsonb($1))
            """,
            (object)done);

        var continued = await shop.ReportAsync();

        AuditFixture.ShouldBeConsistent(continued);
        StoresOf(continued).ShouldBe(["orders/orders"]);
    }

    [Fact]
    public async Task Lost_read_models_cache_and_notifications_are_repaired_to_the_same_bytes()
    {
        var user = await shop.RegisterAsync();
        await shop.CompleteAsync(user, "lost-1");
        await shop.CompleteAsync(user, "lost-2", "sim-declined");
        AuditFixture.ShouldBeConsistent(await shop.AuditAsync());
        var before = await shop.StateAsync();

        foreach (var collection in new[] { "orders", "customers", "customer_spending", "sales_days", "product_sales" })
            await AuditFixture.ExecuteAsync(shop.Reporting.Database, $"delete from {collection}");
        await AuditFixture.ExecuteAsync(shop.Notifications.Database, "delete from notifications");
        await shop.Cache.ScriptEvaluateAsync("for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('DEL', key) end");

        AuditFixture.ShouldBeConsistent(await shop.AuditAsync(repair: true));
        (await shop.StateAsync()).ShouldBe(before);
    }

    private static IEnumerable<string> StoresOf(JsonElement report) =>
        report.GetProperty("stores").EnumerateArray().Select(store => store.GetProperty("store").GetString()!);

    private static void ShouldMatch(JsonObject schema, string definition, JsonElement answer, string what)
    {
        var of = new JsonObject { ["$ref"] = $"#/$defs/{definition}", ["$defs"] = schema["$defs"]!.DeepClone() };
        var result = JsonSchema.FromText(of.ToJsonString()).Evaluate(answer, new EvaluationOptions { OutputFormat = OutputFormat.List });
        result.IsValid.ShouldBeTrue($"{what}: {JsonSerializer.Serialize(result.Details?.Where(detail => detail.Errors is not null))}");
    }
}
