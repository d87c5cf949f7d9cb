using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Inventory;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>Concurrent orders for the same products: every piece is either available, reserved or sold.</summary>
public sealed class StockTests(ServersFixture servers)
{
    private readonly StockScenario _stock = new(servers);

    [Fact]
    public async Task Batch_of_200_orders_for_150_pieces_reserves_for_the_first_150()
    {
        var product = await _stock.NewProduct(150);
        var orders = Enumerable.Range(0, 200).Select(_ => _stock.NewOrder()).ToList();

        await _stock.Handle(orders.Select(order => _stock.Reserve(order, (product, 1))));

        (await _stock.Quantities(product)).ShouldBe((0, 150));
        (await Task.WhenAll(orders.Select(_stock.Status)))
            .ShouldBe([.. Enumerable.Repeat("reserved", 150), .. Enumerable.Repeat("failed", 50)]);
        (await _stock.Events(orders[149])).ShouldBe("inventory.stock-reserved 1");
        (await _stock.Events(orders[150])).ShouldBe("inventory.reservation-failed 1");
    }

    [Fact]
    public async Task Concurrent_batches_for_the_last_ten_pieces_reserve_ten()
    {
        var product = await _stock.NewProduct(10);
        var orders = Enumerable.Range(0, 200).Select(_ => _stock.NewOrder()).ToList();

        await Task.WhenAll(orders.Chunk(25).Select(part => _stock.Handle(part.Select(order => _stock.Reserve(order, (product, 1))))));

        (await _stock.Quantities(product)).ShouldBe((0, 10));
        var statuses = await Task.WhenAll(orders.Select(_stock.Status));
        statuses.Count(status => status == "reserved").ShouldBe(10);
        statuses.Count(status => status == "failed").ShouldBe(190);
    }

    [Fact]
    public async Task Reservation_with_one_short_line_reserves_nothing_and_names_what_is_missing()
    {
        var (plenty, scarce, order) = (await _stock.NewProduct(5), await _stock.NewProduct(2), _stock.NewOrder());
        var unknown = servers.Ids.Product("NEVER-HEARD-OF");

        await _stock.Handle(_stock.Reserve(order, (plenty, 1), (scarce, 3), (unknown, 1)));

        (await _stock.Quantities(plenty)).ShouldBe((5, 0));
        (await _stock.Quantities(scarce)).ShouldBe((2, 0));
        (await _stock.Events(order)).ShouldBe("inventory.reservation-failed 1");
        var data = await servers.Inventory.Database.Scalar<string>(
            "select payload::text from outbox where subject = $1", servers.Ids.Reservation(order).Value);
        JsonSerializer.Deserialize<ReservationFailed>(data, ContractsJson.Options)!.Missing.ShouldBe(
            [new(scarce, 3, 2), new(unknown, 1, 0)]);
    }

    [Fact]
    public void Product_throws_instead_of_reserving_or_removing_more_than_it_has()
    {
        var (product, now) = (Product.New(servers.Ids.Product("BOOK"), "BOOK"), DateTimeOffset.UnixEpoch);
        product.Set("Book", new Money(1, "EUR"), 10, now);
        product.Reserve(4, now);

        Should.Throw<InvalidOperationException>(() => product.Reserve(7, now));
        Should.Throw<InvalidOperationException>(() => product.Release(5, now));
        Should.Throw<InvalidOperationException>(() => product.Sell(5));
        Should.Throw<ArgumentOutOfRangeException>(() => product.Reserve(-1, now));
        (product.OnHand, product.Reserved, product.Available).ShouldBe((10, 4, 6));
    }

    [Fact]
    public async Task Failed_reservation_leaves_the_stock_to_a_later_order_of_the_batch()
    {
        var (product, large, small) = (await _stock.NewProduct(5), _stock.NewOrder(), _stock.NewOrder());

        await _stock.Handle(_stock.Reserve(large, (product, 6)), _stock.Reserve(small, (product, 5)));

        (await _stock.Status(large)).ShouldBe("failed");
        (await _stock.Status(small)).ShouldBe("reserved");
    }

    [Fact]
    public async Task Answer_carries_the_cause_and_the_correlation_of_its_command()
    {
        var (product, order) = (await _stock.NewProduct(10), _stock.NewOrder());
        var correlation = new CorrelationId(Guid.NewGuid());
        var (reserve, release) = (_stock.Reserve(order, (product, 1)), _stock.Release(order));
        reserve = reserve with { Context = reserve.Context with { Cause = reserve.Context.Cause with { CorrelationId = correlation } } };

        await _stock.Handle(reserve, release);

        const string cause = "select concat_ws(' ', causation_id, correlation_id) from outbox where subject = $1 and type = $2";
        var id = servers.Ids.Reservation(order).Value;
        (await servers.Inventory.Database.Scalar<string>(cause, id, StockReserved.Type)).ShouldBe($"{reserve.Context.Id} {correlation}");
        (await servers.Inventory.Database.Scalar<string>(cause, id, StockReleased.Type)).ShouldBe($"{release.Context.Id}");
    }

    [Fact]
    public async Task Repeated_command_reserves_and_answers_once()
    {
        var (product, order) = (await _stock.NewProduct(10), _stock.NewOrder());
        var first = _stock.Reserve(order, (product, 4));

        await _stock.Handle(first);
        await _stock.Handle(first); // redelivered
        await _stock.Handle(_stock.Reserve(order, (product, 4))); // sent again

        (await _stock.Quantities(product)).ShouldBe((6, 4));
        (await _stock.Events(order)).ShouldBe("inventory.stock-reserved 1");
    }

    [Fact]
    public async Task Release_gives_back_once_and_answers_every_command()
    {
        var (product, order) = (await _stock.NewProduct(10), _stock.NewOrder());

        await _stock.Handle(_stock.Reserve(order, (product, 4)), _stock.Release(order), _stock.Release(order));

        (await _stock.Quantities(product)).ShouldBe((10, 0));
        (await _stock.Events(order)).ShouldBe("inventory.stock-reserved 1, inventory.stock-released 2, inventory.stock-released 3");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Release_before_its_reservation_prevents_it(bool inOneBatch)
    {
        var (product, order) = (await _stock.NewProduct(10), _stock.NewOrder());
        Delivery[] messages = [_stock.Release(order), _stock.Reserve(order, (product, 4)), _stock.Confirm(order)];

        foreach (var batch in messages.Chunk(inOneBatch ? messages.Length : 1))
            await _stock.Handle(batch);

        (await _stock.Quantities(product)).ShouldBe((10, 0));
        (await _stock.Status(order)).ShouldBe("released");
        (await _stock.Events(order)).ShouldBe("inventory.stock-released 1");
    }

    [Fact]
    public async Task Confirmed_order_sells_its_stock_and_a_late_cancellation_restocks_it()
    {
        var (product, order) = (await _stock.NewProduct(10), _stock.NewOrder());
        await _stock.Handle(_stock.Reserve(order, (product, 4)));

        await _stock.Handle(_stock.Confirm(order));
        await _stock.Handle(_stock.Confirm(order));
        (await _stock.Quantities(product)).ShouldBe((6, 0));
        (await _stock.Status(order)).ShouldBe("sold");

        await _stock.Handle(_stock.Release(order));
        (await _stock.Quantities(product)).ShouldBe((10, 0));
    }

    [Fact]
    public async Task Concurrent_release_and_confirmation_end_in_a_release()
    {
        var (product, order) = (await _stock.NewProduct(10), _stock.NewOrder());
        await _stock.Handle(_stock.Reserve(order, (product, 4)));

        await Task.WhenAll(_stock.Handle(_stock.Release(order)), _stock.Handle(_stock.Confirm(order)));

        (await _stock.Quantities(product)).ShouldBe((10, 0));
        (await _stock.Status(order)).ShouldBe("released");
    }

    [Fact]
    public async Task Setting_the_available_quantity_keeps_what_is_reserved()
    {
        var sku = $"S-{Guid.NewGuid():N}".ToUpperInvariant();
        var body = new { name = "Stocked", price = new { amount = "1.00", currency = "EUR" }, stock = 10 };
        await servers.Inventory.Http.Put($"/api/v1/products/{sku}", body);
        var order = _stock.NewOrder();
        await _stock.Handle(_stock.Reserve(order, (servers.Ids.Product(sku), 4)));

        (await servers.Inventory.Http.Get($"/api/v1/products/{sku}")).Body.GetProperty("stock").GetInt32().ShouldBe(6);
        (await servers.Inventory.Http.PutOver($"/api/v1/products/{sku}", body)).Body.GetProperty("stock").GetInt32().ShouldBe(10);
        await _stock.Handle(_stock.Release(order));

        (await servers.Inventory.Http.Get($"/api/v1/products/{sku}")).Body.GetProperty("stock").GetInt32().ShouldBe(14);
    }

    [Fact]
    public async Task Announcements_of_many_orders_are_few_and_the_last_is_exact()
    {
        var product = await _stock.NewProduct(1000);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => _stock.Handle(_stock.Reserve(_stock.NewOrder(), (product, 2)))));

        await Announced(product, available: 880);
        (await servers.Inventory.Database.Scalar<long>("select count(*) from outbox where subject = $1", product.Value))
            .ShouldBeLessThan(20);
        (await servers.Inventory.Database.Scalar<bool>(
            "select count(*) = max(sequence) and max(sequence) = (select last_sequence from products where id = $1) from outbox where "
            + "subject = $1", product.Value))
            .ShouldBeTrue("the sequence numbers have no gap");
    }

    [Fact]
    public async Task Announcement_time_written_before_the_clock_was_set_back_is_due()
    {
        var product = await _stock.NewProduct(10);
        await servers.Inventory.Database.Scalar<Guid>(
            "update products set on_hand = 9, announce_at = now() + interval '1 day' where id = $1 returning id", product.Value);

        await Announced(product, available: 9);
    }

    private Task Announced(ProductId product, int available) => Eventually.Get(
        "the available quantity is announced",
        _ => servers.Inventory.Database.Scalar<string>(
            "select payload::text from outbox where subject = $1 order by sequence desc limit 1", product.Value),
        payload =>
            JsonSerializer.Deserialize<ProductChanged>(payload, ContractsJson.Options)!.Available == available,
            cancellationToken: TestContext.Current.CancellationToken);
}
