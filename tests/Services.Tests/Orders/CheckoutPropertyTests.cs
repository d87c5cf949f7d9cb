using ForgeShop.Orders;

namespace ForgeShop.Services.Tests;

/// <summary>
/// The real aggregates of Orders, Inventory and Payments in a world without servers, where everything that can go wrong does: see <see cref="CheckoutWorld"/>.
/// </summary>
public sealed class CheckoutPropertyTests
{
    private const int Runs = 4000;
    private const int MaxSteps = 20_000;

    /// <summary>Fixed, so that a failure can be run again; every run prints the seed that it failed with.</summary>
    private const int FirstSeed = 20261121;

    [Fact]
    public void Whatever_is_lost_doubled_overtaken_or_killed_every_checkout_ends_and_money_and_stock_are_exact()
    {
        var (confirmed, reasons) = (0, new HashSet<CancelReason?>());
        var (duplicates, losses, crashes) = (0, 0, 0);
        for (var seed = FirstSeed; seed < FirstSeed + Runs; seed++)
        {
            var world = new CheckoutWorld(seed);
            try
            {
                var steps = 0;
                while (world.Step())
                {
                    world.CheckAlways();
                    if (++steps > MaxSteps)
                        throw new ShouldAssertException("It does not come to an end.");
                }

                world.CheckAtTheEnd();
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                throw new ShouldAssertException($"Seed {seed}: {error.Message}", error);
            }

            confirmed += world.Orders.Count(order => order.Status is OrderStatus.Confirmed);
            reasons.UnionWith(world.Orders.Select(order => order.Reason));
            (duplicates, losses, crashes) = (duplicates + world.Duplicates, losses + world.Losses, crashes + world.Crashes);
        }

        // Otherwise this test says nothing.
        confirmed.ShouldBeGreaterThan(Runs / 2);
        reasons.Count.ShouldBe(5, "each reason to cancel, and none");
        duplicates.ShouldBeGreaterThan(Runs);
        losses.ShouldBeGreaterThan(Runs);
        crashes.ShouldBeGreaterThan(Runs / 2);
    }
}
