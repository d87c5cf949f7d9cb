using Aspire.Hosting.ApplicationModel;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>The commands of the dashboard's resource page.</summary>
public sealed class OperatorCommandTests(ShopFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Customers_place_orders_at_the_rate_that_was_set()
    {
        (await fixture.Execute("customers", "set-rate", Cancellation, ("rate", "0"))).Success.ShouldBeFalse();
        (await fixture.Execute("customers", "set-rate", Cancellation, ("rate", "300"))).Success.ShouldBeTrue();
        await LogAsync("customers", "sent twice: one order");
        (await fixture.Execute("customers", KnownResourceCommands.StopCommand, Cancellation)).Success.ShouldBeTrue();
    }

    [Fact]
    public async Task Events_are_replayed_and_dead_letters_retried_by_command()
    {
        var replay = await fixture.Execute("orders", "replay-outbox", Cancellation, ("since", "10s"));
        replay.Success.ShouldBeTrue(replay.Message);
        (await fixture.Execute("orders", "replay-outbox", Cancellation, ("since", "yesterday"))).Success.ShouldBeFalse();
        var retry = await fixture.Execute("kafka", "retry-dead-letters", Cancellation, ("topic", "order.events"));
        retry.Success.ShouldBeTrue(retry.Message);
    }

    [Fact]
    public async Task Audit_of_the_working_shop_finds_that_all_stores_agree()
    {
        var audit = await fixture.Execute("reporting", "audit", Cancellation, ("repair", "false"));

        audit.Success.ShouldBeTrue(audit.Message);
        audit.Message.ShouldNotBeNull().ShouldContain("consistent");
    }

    private async Task LogAsync(string resource, string text)
    {
        fixture.App.ResourceNotifications.TryGetCurrentState(resource, out var current).ShouldBeTrue();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        timeout.CancelAfter(Eventually.DefaultTimeout);
        var logs = fixture.App.Services.GetRequiredService<ResourceLoggerService>().WatchAsync(current!.ResourceId);
        await foreach (var batch in logs.WithCancellation(timeout.Token))
        {
            if (batch.Any(line => line.Content.Contains(text, StringComparison.Ordinal)))
                return;
        }

        Assert.Fail($"the log of {resource} ended without '{text}'");
    }
}

/// <summary>Runs as the last of all: the shop is empty afterwards (<see cref="LastTests"/>).</summary>
public sealed class EmptyDataTests(ShopFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Empty_data_restarts_the_shop_without_its_accounts()
    {
        var email = $"empty-{Guid.NewGuid():N}@example.com";
        await fixture.Register(email, "Ada Lovelace", Cancellation);

        var empty = await fixture.Execute("gateway", "empty-data", Cancellation);

        empty.Success.ShouldBeTrue(empty.Message);
        await fixture.Healthy("gateway", Cancellation);
        await Eventually.Get(
            "the address is free again", token => fixture.Register(email, "Ada Lovelace", token), _ => true,
            cancellationToken: Cancellation);
    }
}
