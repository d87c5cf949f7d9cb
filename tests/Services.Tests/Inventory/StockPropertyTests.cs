using ForgeShop.Contracts.Events;

namespace ForgeShop.Services.Tests;

public sealed class StockPropertyTests(ServersFixture servers)
{
    private readonly StockScenario _stock = new(servers);

    /// <summary>Orders of several products, reserved, confirmed and released in any order, by repeated and redelivered commands.</summary>
    [Theory]
    [InlineData(20261121)]
    [InlineData(20261122)]
    [InlineData(20261123)]
    public async Task Stock_is_exact_after_duplicates_in_any_order_by_two_consumers_at_once(int seed)
    {
        const int initial = 40;
        var random = new Random(seed);
        var products = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => _stock.NewProduct(initial)));
        var orders = Enumerable.Range(0, 100).Select(_ => _stock.NewOrder()).ToArray();
        var messages = orders.SelectMany(order =>
        {
            var lines = random.GetItems(products, random.Next(1, 4)).Distinct().Select(product => (product, random.Next(1, 5))).ToArray();
            Func<Delivery>[] all = [() => _stock.Reserve(order, lines), () => _stock.Confirm(order), () => _stock.Release(order)];
            return all.Where((_, step) => step == 0 || random.Next(2) == 0)
                .SelectMany(create => Enumerable.Range(0, random.Next(1, 3)).Select(_ => create()));
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
                await _stock.Handle(part[next..(next + size)]);
            }
        })));

        foreach (var product in products)
        {
            var (available, reserved) = await _stock.Quantities(product);
            reserved.ShouldBe(await _stock.Pieces(product, "reserved"));
            (available + reserved + await _stock.Pieces(product, "sold")).ShouldBe(initial);
        }
        var statuses = await Task.WhenAll(orders.Select(_stock.Status));
        statuses.ShouldContain("sold");
        statuses.ShouldContain("released");
        foreach (var (order, status) in orders.Zip(statuses))
        {
            var releases = messages.Count(message => message.Data is ReleaseStock release && release.OrderId == order);
            (status == "released").ShouldBe(releases > 0);
            (await _stock.Events(order)).Split(", ").Count(line => line.StartsWith(StockReleased.Type, StringComparison.Ordinal))
                .ShouldBe(releases);
        }
    }
}
