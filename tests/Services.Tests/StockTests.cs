using System.Net;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>Concurrent orders for the same products: every piece is available, reserved or sold, and never two of these.</summary>
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

    private Delivery Reserve(OrderId order, params IEnumerable<(ProductId Product, int Quantity)> lines)
    {
        var id = servers.Ids.Reservation(order);
        return Delivery.New(id.Value, new ReserveStock(id, order, [.. lines.Select(line => new ReserveStockLine(line.Product, line.Quantity))]));
    }

    private Delivery Release(OrderId order)
    {
        var id = servers.Ids.Reservation(order);
        return Delivery.New(id.Value, new ReleaseStock(id, order));
    }

    private Delivery Confirm(OrderId order) => Delivery.New(
        order.Value, new OrderConfirmed(order, servers.Ids.User("stock@example.com"), new Money(1, "EUR"), DateTimeOffset.UtcNow));

    /// <summary>Handles the messages as one batch.</summary>
    private Task Handle(params IEnumerable<Delivery> messages) => servers.Inventory.HandleBatch(messages);

    private async Task<string> Status(OrderId order) => await Database.Scalar<string>("select status from reservations where id = $1", servers.Ids.Reservation(order).Value);

    /// <summary>The types and sequence numbers of the events of the order's reservation.</summary>
    private async Task<string> Events(OrderId order) => await Database.Scalar<string>(
        "select coalesce(string_agg(type || ' ' || sequence, ', ' order by sequence), '') from outbox where subject = $1", servers.Ids.Reservation(order).Value);

    private async Task<(int Available, int Reserved)> Stock(ProductId product) => (
        await Database.Scalar<int>("select on_hand - reserved from products where id = $1", product.Value),
        await Database.Scalar<int>("select reserved from products where id = $1", product.Value));

    /// <summary>The pieces of the product in reservations with this status.</summary>
    private Task<int> Pieces(ProductId product, string status) => Database.Scalar<int>(
        "select coalesce(sum(l.quantity), 0)::int from reservation_lines l join reservations r on r.id = l.reservation_id where l.product_id = $1 and r.status = $2",
        product.Value, status);

    [Fact]
    public async Task Batch_of_200_orders_for_150_pieces_reserves_for_the_first_150()
    {
        var product = await NewProduct(150);
        var orders = Enumerable.Range(0, 200).Select(_ => NewOrder()).ToList();

        await Handle(orders.Select(order => Reserve(order, (product, 1))));

        (await Stock(product)).ShouldBe((0, 150));
        (await Task.WhenAll(orders.Select(Status))).ShouldBe([.. Enumerable.Repeat("reserved", 150), .. Enumerable.Repeat("failed", 50)]);
        (await Events(orders[149])).ShouldBe("inventory.stock-reserved 1");
        (await Events(orders[150])).ShouldBe("inventory.reservation-failed 1");
    }

    [Fact]
    public async Task Concurrent_batches_for_the_last_ten_pieces_reserve_ten()
    {
        var product = await NewProduct(10);
        var orders = Enumerable.Range(0, 200).Select(_ => NewOrder()).ToList();

        await Task.WhenAll(orders.Chunk(25).Select(part => Handle(part.Select(order => Reserve(order, (product, 1))))));

        (await Stock(product)).ShouldBe((0, 10));
        var statuses = await Task.WhenAll(orders.Select(Status));
        statuses.Count(status => status == "reserved").ShouldBe(10);
        statuses.Count(status => status == "failed").ShouldBe(190);
    }

    [Fact]
    public async Task Reservation_with_one_short_line_reserves_nothing_and_names_what_is_missing()
    {
        var (plenty, scarce, order) = (await NewProduct(5), await NewProduct(2), NewOrder());
        var unknown = servers.Ids.Product("NEVER-HEARD-OF");

        await Handle(Reserve(order, (plenty, 1), (scarce, 3), (unknown, 1)));

        (await Stock(plenty)).ShouldBe((5, 0));
        (await Stock(scarce)).ShouldBe((2, 0));
        (await Events(order)).ShouldBe("inventory.reservation-failed 1");
        var data = await Database.Scalar<string>("select payload::text from outbox where subject = $1", servers.Ids.Reservation(order).Value);
        JsonSerializer.Deserialize<ReservationFailed>(data, ContractsJson.Options)!.Missing.ShouldBe([new(scarce, 3, 2), new(unknown, 1, 0)]);
    }

    [Fact]
    public async Task Failed_reservation_leaves_the_stock_to_a_later_order_of_the_batch()
    {
        var (product, large, small) = (await NewProduct(5), NewOrder(), NewOrder());

        await Handle(Reserve(large, (product, 6)), Reserve(small, (product, 5)));

        (await Status(large)).ShouldBe("failed");
        (await Status(small)).ShouldBe("reserved");
    }

    [Fact]
    public async Task Answer_carries_the_cause_and_the_correlation_of_its_command()
    {
        var (product, order) = (await NewProduct(10), NewOrder());
        var correlation = new CorrelationId(Guid.NewGuid());
        var (reserve, release) = (Reserve(order, (product, 1)), Release(order));
        reserve = reserve with { Context = reserve.Context with { CorrelationId = correlation } };

        await Handle(reserve, release);

        const string cause = "select concat_ws(' ', causation_id, correlation_id) from outbox where subject = $1 and type = $2";
        var id = servers.Ids.Reservation(order).Value;
        (await Database.Scalar<string>(cause, id, StockReserved.Type)).ShouldBe($"{reserve.Context.Id} {correlation}");
        (await Database.Scalar<string>(cause, id, StockReleased.Type)).ShouldBe($"{release.Context.Id}");
    }

    [Fact]
    public async Task Repeated_command_reserves_and_answers_once()
    {
        var (product, order) = (await NewProduct(10), NewOrder());
        var first = Reserve(order, (product, 4));

        await Handle(first);
        await Handle(first); // redelivered
        await Handle(Reserve(order, (product, 4))); // sent again

        (await Stock(product)).ShouldBe((6, 4));
        (await Events(order)).ShouldBe("inventory.stock-reserved 1");
    }

    [Fact]
    public async Task Release_gives_back_once_and_answers_every_command()
    {
        var (product, order) = (await NewProduct(10), NewOrder());

        await Handle(Reserve(order, (product, 4)), Release(order), Release(order));

        (await Stock(product)).ShouldBe((10, 0));
        (await Events(order)).ShouldBe("inventory.stock-reserved 1, inventory.stock-released 2, inventory.stock-released 3");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Release_before_its_reservation_prevents_it(bool inOneBatch)
    {
        var (product, order) = (await NewProduct(10), NewOrder());
        Delivery[] messages = [Release(order), Reserve(order, (product, 4)), Confirm(order)];

        foreach (var batch in messages.Chunk(inOneBatch ? messages.Length : 1))
            await Handle(batch);

        (await Stock(product)).ShouldBe((10, 0));
        (await Status(order)).ShouldBe("released");
        (await Events(order)).ShouldBe("inventory.stock-released 1");
    }

    [Fact]
    public async Task Confirmed_order_sells_its_stock_and_a_late_cancellation_restocks_it()
    {
        var (product, order) = (await NewProduct(10), NewOrder());
        await Handle(Reserve(order, (product, 4)));

        await Handle(Confirm(order));
        await Handle(Confirm(order));
        (await Stock(product)).ShouldBe((6, 0));
        (await Status(order)).ShouldBe("sold");

        await Handle(Release(order));
        (await Stock(product)).ShouldBe((10, 0));
    }

    [Fact]
    public async Task Concurrent_release_and_confirmation_end_in_a_release()
    {
        var (product, order) = (await NewProduct(10), NewOrder());
        await Handle(Reserve(order, (product, 4)));

        await Task.WhenAll(Handle(Release(order)), Handle(Confirm(order)));

        (await Stock(product)).ShouldBe((10, 0));
        (await Status(order)).ShouldBe("released");
    }

    [Fact]
    public async Task Setting_the_available_quantity_keeps_what_is_reserved()
    {
        var sku = $"S-{Guid.NewGuid():N}".ToUpperInvariant();
        var body = new { name = "Stocked", price = new { amount = "1.00", currency = "EUR" }, stock = 10 };
        await servers.Inventory.Http.Put($"/api/v1/products/{sku}", body);
        var order = NewOrder();
        await Handle(Reserve(order, (servers.Ids.Product(sku), 4)));

        (await servers.Inventory.Http.Get($"/api/v1/products/{sku}")).Body.GetProperty("stock").GetInt32().ShouldBe(6);
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}", body)).Body.GetProperty("stock").GetInt32().ShouldBe(10);
        await Handle(Release(order));

        (await servers.Inventory.Http.Get($"/api/v1/products/{sku}")).Body.GetProperty("stock").GetInt32().ShouldBe(14);
    }

    [Fact]
    public async Task Announcements_of_many_orders_are_few_and_the_last_is_exact()
    {
        var product = await NewProduct(1000);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Handle(Reserve(NewOrder(), (product, 2)))));

        await Announced(product, available: 880);
        (await Database.Scalar<long>("select count(*) from outbox where subject = $1", product.Value)).ShouldBeLessThan(20);
        (await Database.Scalar<bool>("select count(*) = max(sequence) and max(sequence) = (select last_sequence from products where id = $1) from outbox where subject = $1", product.Value))
            .ShouldBeTrue("the sequence numbers have no gap");
    }

    [Fact]
    public async Task Announcement_time_written_before_the_clock_was_set_back_is_due()
    {
        var product = await NewProduct(10);
        await Database.Scalar<Guid>("update products set on_hand = 9, announce_at = now() + interval '1 day' where id = $1 returning id", product.Value);

        await Announced(product, available: 9);
    }

    private Task Announced(ProductId product, int available) => Eventually.Get(
        "the available quantity is announced",
        _ => Database.Scalar<string>("select payload::text from outbox where subject = $1 order by sequence desc limit 1", product.Value),
        payload => JsonSerializer.Deserialize<ProductChanged>(payload, ContractsJson.Options)!.Available == available, cancellationToken: Cancellation);

    /// <summary>Orders of several products, each reserved, confirmed and released in any order, by commands that are sent again and redelivered.</summary>
    [Theory]
    [InlineData(20261121)]
    [InlineData(20261122)]
    [InlineData(20261123)]
    public async Task Stock_is_exact_after_duplicates_in_any_order_by_two_consumers_at_once(int seed)
    {
        const int initial = 40;
        var random = new Random(seed);
        var products = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => NewProduct(initial)));
        var orders = Enumerable.Range(0, 100).Select(_ => NewOrder()).ToArray();
        var messages = orders.SelectMany(order =>
        {
            var lines = random.GetItems(products, random.Next(1, 4)).Distinct().Select(product => (product, random.Next(1, 5))).ToArray();
            Func<Delivery>[] all = [() => Reserve(order, lines), () => Confirm(order), () => Release(order)];
            return all.Where((_, step) => step == 0 || random.Next(2) == 0).SelectMany(create => Enumerable.Range(0, random.Next(1, 3)).Select(_ => create()));
        }).ToArray();
        var delivered = messages.SelectMany(message => Enumerable.Repeat(message, random.Next(3) == 0 ? 2 : 1)).ToArray();
        random.Shuffle(delivered);

        // No batch fails, so none has to be repeated: the two consumers cannot deadlock.
        var half = delivered.Length / 2;
        await Task.WhenAll(new[] { delivered[..half], delivered[half..] }.Select((part, consumer) => Task.Run(async () =>
        {
            var sizes = new Random(seed + consumer);
            for (var (next, size) = (0, 0); next < part.Length; next += size)
            {
                size = Math.Min(sizes.Next(1, 30), part.Length - next);
                await Handle(part[next..(next + size)]);
            }
        })));

        foreach (var product in products)
        {
            var (available, reserved) = await Stock(product);
            reserved.ShouldBe(await Pieces(product, "reserved"));
            (available + reserved + await Pieces(product, "sold")).ShouldBe(initial);
        }
        var statuses = await Task.WhenAll(orders.Select(Status));
        statuses.Distinct().ShouldBe(["reserved", "failed", "sold", "released"], ignoreOrder: true);
        foreach (var (order, status) in orders.Zip(statuses))
        {
            var releases = messages.Count(message => message.Data is ReleaseStock release && release.OrderId == order);
            (status == "released").ShouldBe(releases > 0);
            (await Events(order)).Split(", ").Count(line => line.StartsWith(StockReleased.Type, StringComparison.Ordinal)).ShouldBe(releases);
        }
    }
}
