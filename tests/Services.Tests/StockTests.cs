using System.Net;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>Stock that many want at once: never below zero, never lost, never there twice.</summary>
public sealed class StockTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Database => servers.Inventory.Database;

    private OrderId NewOrder() => servers.Ids.Order(servers.Ids.User("stock@example.com"), Guid.NewGuid().ToString());

    private async Task<ProductId> NewProduct(int stock)
    {
        var sku = $"S-{Guid.NewGuid():N}".ToUpperInvariant();
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}", new { name = "Stocked", price = new { amount = "1.00", currency = "EUR" }, stock })).ShouldBe(HttpStatusCode.Created);
        return servers.Ids.Product(sku);
    }

    private Task Reserve(OrderId order, params (ProductId Product, int Quantity)[] lines)
    {
        var id = servers.Ids.Reservation(order);
        return servers.Inventory.Handle(id.Value, new ReserveStock(id, order, [.. lines.Select(line => new ReserveStockLine(line.Product, line.Quantity))]));
    }

    private Task Release(OrderId order)
    {
        var id = servers.Ids.Reservation(order);
        return servers.Inventory.Handle(id.Value, new ReleaseStock(id, order));
    }

    private Task Confirm(OrderId order) => servers.Inventory.Handle(
        order.Value, new OrderConfirmed(order, servers.Ids.User("stock@example.com"), new Money(1, "EUR"), DateTimeOffset.UtcNow));

    private async Task<string> Status(OrderId order) => await Database.Scalar<string>("select status from reservations where id = $1", servers.Ids.Reservation(order).Value);

    /// <summary>What the service tells of the order, in its order.</summary>
    private async Task<string> Told(OrderId order) => await Database.Scalar<string>(
        "select coalesce(string_agg(type || ' ' || sequence, ', ' order by sequence), '') from outbox where subject = $1", servers.Ids.Reservation(order).Value);

    private async Task<(int Available, int Reserved)> Stock(ProductId product) => (
        await Database.Scalar<int>("select on_hand - reserved from products where id = $1", product.Value),
        await Database.Scalar<int>("select reserved from products where id = $1", product.Value));

    [Fact]
    public async Task Two_hundred_orders_at_once_for_the_last_ten_pieces_get_ten()
    {
        var product = await NewProduct(10);
        var orders = Enumerable.Range(0, 200).Select(_ => NewOrder()).ToList();

        await Task.WhenAll(orders.Select(order => Reserve(order, (product, 1))));

        (await Stock(product)).ShouldBe((0, 10));
        var statuses = await Task.WhenAll(orders.Select(Status));
        statuses.Count(status => status == "reserved").ShouldBe(10);
        statuses.Count(status => status == "failed").ShouldBe(190);
    }

    [Fact]
    public async Task Orders_that_want_the_same_products_in_opposite_order_do_not_wait_for_each_other_for_ever_and_get_all_or_nothing()
    {
        var (first, second) = (await NewProduct(30), await NewProduct(20));

        await Task.WhenAll(Enumerable.Range(0, 60).Select(number =>
            number % 2 == 0 ? Reserve(NewOrder(), (first, 1), (second, 1)) : Reserve(NewOrder(), (second, 1), (first, 1))));

        (await Stock(first)).ShouldBe((10, 20));
        (await Stock(second)).ShouldBe((0, 20));
    }

    [Fact]
    public async Task What_is_short_is_named_and_nothing_of_the_order_is_set_aside()
    {
        var (plenty, scarce, order) = (await NewProduct(5), await NewProduct(2), NewOrder());
        var unknown = servers.Ids.Product("NEVER-HEARD-OF");

        await Reserve(order, (plenty, 1), (scarce, 3), (unknown, 1));

        (await Stock(plenty)).ShouldBe((5, 0));
        (await Stock(scarce)).ShouldBe((2, 0));
        (await Told(order)).ShouldBe("reservation-failed 1");
        var data = await Database.Scalar<string>("select payload::text from outbox where subject = $1", servers.Ids.Reservation(order).Value);
        JsonSerializer.Deserialize<ReservationFailed>(data, ContractsJson.Options)!.Missing.ShouldBe([new(scarce, 3, 2), new(unknown, 1, 0)]);
    }

    [Fact]
    public async Task A_release_gives_back_once_and_answers_every_time()
    {
        var (product, order) = (await NewProduct(10), NewOrder());
        await Reserve(order, (product, 4));

        await Release(order);
        await Release(order);

        (await Stock(product)).ShouldBe((10, 0));
        (await Told(order)).ShouldBe("inventory.stock-reserved 1, inventory.stock-released 2, inventory.stock-released 3");
    }

    [Fact]
    public async Task A_release_that_is_faster_than_its_reservation_leaves_nothing_to_reserve()
    {
        var (product, order) = (await NewProduct(10), NewOrder());

        await Release(order);
        await Reserve(order, (product, 4));
        await Confirm(order);

        (await Stock(product)).ShouldBe((10, 0));
        (await Status(order)).ShouldBe("released");
        (await Told(order)).ShouldBe("inventory.stock-released 1");
    }

    [Fact]
    public async Task A_confirmed_order_takes_its_stock_away_and_a_late_cancellation_brings_it_back()
    {
        var (product, order) = (await NewProduct(10), NewOrder());
        await Reserve(order, (product, 4));

        await Confirm(order);
        await Confirm(order);
        (await Stock(product)).ShouldBe((6, 0));
        (await Status(order)).ShouldBe("sold");

        await Release(order);
        (await Stock(product)).ShouldBe((10, 0));
    }

    [Fact]
    public async Task A_release_that_overtakes_the_confirmation_wins()
    {
        var (product, order) = (await NewProduct(10), NewOrder());
        await Reserve(order, (product, 4));

        await Task.WhenAll(Release(order), Confirm(order));

        (await Stock(product)).ShouldBe((10, 0));
        (await Status(order)).ShouldBe("released");
    }

    [Fact]
    public async Task Setting_what_is_available_leaves_what_is_reserved_alone()
    {
        var sku = $"S-{Guid.NewGuid():N}".ToUpperInvariant();
        var body = new { name = "Stocked", price = new { amount = "1.00", currency = "EUR" }, stock = 10 };
        await servers.Inventory.Http.Put($"/api/v1/products/{sku}", body);
        var order = NewOrder();
        await Reserve(order, (servers.Ids.Product(sku), 4));

        (await servers.Inventory.Http.Get($"/api/v1/products/{sku}")).Body.GetProperty("stock").GetInt32().ShouldBe(6);
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}", body)).Body.GetProperty("stock").GetInt32().ShouldBe(10);
        await Release(order);

        (await servers.Inventory.Http.Get($"/api/v1/products/{sku}")).Body.GetProperty("stock").GetInt32().ShouldBe(14);
    }

    [Fact]
    public async Task What_many_orders_take_is_announced_together_and_the_last_announcement_is_right()
    {
        var product = await NewProduct(1000);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Reserve(NewOrder(), (product, 2))));

        var last = await Eventually.Get(
            "what is available is announced",
            _ => Database.Scalar<string>("select payload::text from outbox where subject = $1 order by sequence desc limit 1", product.Value),
            payload => JsonSerializer.Deserialize<ProductChanged>(payload, ContractsJson.Options)!.Available == 880, cancellationToken: Cancellation);
        last.ShouldNotBeNull();
        (await Database.Scalar<long>("select count(*) from outbox where subject = $1", product.Value)).ShouldBeLessThan(20);
        (await Database.Scalar<bool>("select count(*) = max(sequence) and max(sequence) = (select last_sequence from products where id = $1) from outbox where subject = $1", product.Value))
            .ShouldBeTrue("they are numbered without gaps");
    }

    [Fact]
    public async Task Whatever_happens_at_once_available_reserved_and_sold_are_what_there_was()
    {
        const int initial = 40;
        var random = new Random(20261121);
        var products = new[] { await NewProduct(initial), await NewProduct(initial), await NewProduct(initial) };
        var orders = Enumerable.Range(0, 60).Select(_ => NewOrder()).ToArray();
        var commands = orders.SelectMany(order =>
        {
            var lines = products.Where(_ => random.Next(2) == 0).Select(product => (product, random.Next(1, 5))).ToArray();
            Func<Task>[] all = [() => Reserve(order, lines.Length == 0 ? [(products[0], 1)] : lines), () => Confirm(order), () => Release(order)];
            return all.Where((_, step) => step == 0 || random.Next(2) == 0).SelectMany(command => Enumerable.Repeat(command, random.Next(1, 3)));
        }).ToArray();
        random.Shuffle(commands);

        // Two that insert the same reservation at once: one of them fails, and messaging tries again.
        await Parallel.ForEachAsync(commands, new ParallelOptions { MaxDegreeOfParallelism = 12, CancellationToken = Cancellation }, async (command, token) =>
            await Eventually.Get("the command is carried out", async _ => { await command(); return true; }, _ => true, cancellationToken: token));

        foreach (var product in products)
        {
            var (available, reserved) = await Stock(product);
            const string sum = "select coalesce(sum(l.quantity), 0)::int from reservation_lines l join reservations r on r.id = l.reservation_id where l.product_id = $1 and r.status = $2";
            var sold = await Database.Scalar<int>(sum, product.Value, "sold");
            reserved.ShouldBe(await Database.Scalar<int>(sum, product.Value, "reserved"));
            available.ShouldBeGreaterThanOrEqualTo(0);
            (available + reserved + sold).ShouldBe(initial);
        }
    }
}
