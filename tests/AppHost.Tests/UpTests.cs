using ForgeShop.Journeys;
using ForgeShop.TestSupport;

namespace ForgeShop.AppHost.Tests;

/// <summary>The tests that share one shop.</summary>
[CollectionDefinition]
public sealed class UpCollection : ICollectionFixture<UpFixture>;

/// <summary>The journeys on the shop as <c>./forge up</c> runs it, on native servers where they are installed.</summary>
[Collection<UpCollection>]
public sealed class UpJourneyTests(UpFixture shop) : ShopJourneys(shop);

/// <summary>What <c>./forge up</c> does besides running the shop.</summary>
[Collection<UpCollection>]
public sealed class UpTests(UpFixture up)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Shop_behind_a_proxy_with_a_taken_port_publishes_its_addresses()
    {
        var endpoints = await up.Shop.HealthyAsync(Cancellation);

        UpFixture.Gateway(endpoints).Port.ShouldNotBe(8080);
        await Eventually.True(
            "the shop prints what README.md shows", _ => Task.FromResult(FencedCommands.NotPrinted("./forge up", up.Shop.Lines).Count == 0),
            cancellationToken: Cancellation);
        endpoints.GetProperty("dashboard").GetString()!.ShouldContain("/login?t=");
        File.GetUnixFileMode(up.Shop.EndpointsFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task Shop_after_a_kill_has_the_data_of_before()
    {
        using var customer = await up.LogIn(up.KnownCustomer, Cancellation);

        (await customer.GetAsync("/api/v1/users/me", Cancellation)).GetProperty("name").GetString().ShouldBe("Ada Lovelace");
    }

    [Fact]
    public async Task Second_shop_of_the_same_clone_ends_with_exit_code_2()
    {
        await using var second = ShopProcess.Start(up.Artifacts, []);

        (await second.ExitAsync(Eventually.DefaultTimeout, Cancellation)).ShouldBe(2);
        second.Lines.ShouldContain(line => line.StartsWith("apphost: this shop is running already", StringComparison.Ordinal));
    }
}
