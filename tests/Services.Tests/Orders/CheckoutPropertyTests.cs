using ForgeShop.Orders;

namespace ForgeShop.Services.Tests;

/// <summary>
/// The aggregates of Orders, Inventory and Payments without servers, under every fault of <see cref="CheckoutWorld"/>.
/// </summary>
public sealed class CheckoutPropertyTests
{
    private const int Runs = 4000;
    private const int MaxSteps = 20_000;

    /// <summary>Fixed seeds, so a failure can be repeated; it prints its seed.</summary>
    private const int FirstSeed = 20261121;

    [Fact]
    public void Checkout_ends_with_exact_money_and_stock_under_loss_duplicates_and_kills()
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

        // Otherwise the test would prove nothing.
        confirmed.ShouldBeGreaterThan(Runs / 2);
        reasons.Count.ShouldBe(5, "each reason to cancel, and none");
        duplicates.ShouldBeGreaterThan(Runs);
        losses.ShouldBeGreaterThan(Runs);
        crashes.ShouldBeGreaterThan(Runs / 2);
    }
}
