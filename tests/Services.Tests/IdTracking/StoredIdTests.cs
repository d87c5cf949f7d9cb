using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace ForgeShop.Services.Tests;

/// <summary>A row whose natural key was changed by SQL: the service that loads it by its key reports it, and serves on.</summary>
public sealed class StoredIdTests(ServersFixture servers)
{
    [Fact]
    public async Task Login_to_an_account_with_a_changed_address_reports_the_mismatch()
    {
        await using var users = await servers.StartUsers();
        var log = new FakeLogCollector();
        users.Services.GetRequiredService<ILoggerFactory>().AddProvider(new FakeLoggerProvider(log));
        var email = $"tampered-{Guid.NewGuid():N}@example.com";
        (await users.Anonymous.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = "Correct-Horse-1" }))
            .ShouldBe(HttpStatusCode.Created);
        (await users.Anonymous.LogIn(email, "Correct-Horse-1")).ShouldBe(HttpStatusCode.OK);
        (await HealthOf(users)).ShouldBe("Healthy");

        await users.Database.Scalar<int>("update users set email = 'x' || email where email = $1 returning 1", email);
        (await users.Anonymous.LogIn(email, "Correct-Horse-1")).ShouldBe(HttpStatusCode.OK);

        var error = log.GetSnapshot().Single(line => line.Level == LogLevel.Error);
        error.Message.ShouldStartWith(
            $"ID mismatch in users: {servers.Ids.User(email)} is stored, {servers.Ids.User("x" + email)} is derived");
        error.Message.ShouldNotContain("@");
        (await HealthOf(users)).ShouldBe("Degraded");
        Mismatches(users, "users").ShouldBe(1);
    }

    [Fact]
    public async Task Product_with_a_changed_sku_reports_the_mismatch()
    {
        await using var inventory = await servers.StartInventory();
        var sku = $"T-{Guid.NewGuid():N}".ToUpperInvariant();
        (await inventory.Http.Put($"/api/v1/products/{sku}",
            new { name = "Tea", price = new { amount = "4.99", currency = "EUR" }, stock = 1 })).ShouldBe(HttpStatusCode.Created);
        (await inventory.Http.Get($"/api/v1/products/{sku}")).ShouldBe(HttpStatusCode.OK);
        Mismatches(inventory, "products").ShouldBe(0);

        await inventory.Database.Scalar<int>("update products set sku = 'X' || sku where sku = $1 returning 1", sku);
        (await inventory.Http.Get($"/api/v1/products/{sku}")).ShouldBe(HttpStatusCode.OK);

        Mismatches(inventory, "products").ShouldBe(1);
        (await HealthOf(inventory)).ShouldBe("Degraded");
    }

    private static async Task<string> HealthOf<T>(RunningService<T> service) where T : class
    {
        var health = await service.Anonymous.Get("/health");
        health.ShouldBe(HttpStatusCode.OK);
        return health.Body.GetProperty("checks").GetProperty("ids").GetString()!;
    }

    private static long Mismatches<T>(RunningService<T> service, string entityType) where T : class
    {
        using var collector = new MetricCollector<long>(
            service.Services.GetRequiredService<IMeterFactory>(), Contracts.IdTracking.MeterName, "forge.ids.mismatched");
        collector.RecordObservableInstruments();
        return collector.GetMeasurementSnapshot()
            .Single(measured => Equals(measured.Tags[Contracts.IdTracking.EntityTypeTag], entityType)).Value;
    }
}
