using System.Diagnostics.Metrics;
using ForgeShop.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace ForgeShop.Forge.Tests;

public sealed class IdTrackingTests : IDisposable
{
    private const string Email = "ada@example.com";

    private readonly FakeLogCollector _log = new();
    private readonly ServiceProvider _services;
    private readonly ForgeIds _ids;

    public IdTrackingTests()
    {
        _services = Configured(("Forge:LogKey", "sixteen-bytes-ok"));
        _ids = _services.GetRequiredService<ForgeIds>();
    }

    private ServiceProvider Configured(params (string, string?)[] settings) => new ServiceCollection()
        .AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(_log)))
        .AddForgeIds(new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Item1, setting => setting.Item2)).Build())
        .BuildServiceProvider();

    private long Count(string instrument, string entityType)
    {
        using var collector = new MetricCollector<long>(_services.GetRequiredService<IMeterFactory>(), IdTracking.MeterName, instrument);
        collector.RecordObservableInstruments();
        return collector.GetMeasurementSnapshot().Single(measured => Equals(measured.Tags[IdTracking.EntityTypeTag], entityType)).Value;
    }

    [Fact]
    public void Derived_ids_are_counted_by_entity_type()
    {
        var user = _ids.User(Email);
        _ids.TryUser("no address", out _).ShouldBeFalse();
        var order = _ids.Order(user, "cart-1");
        _ = (_ids.Payment(order, 1), _ids.Payment(order, 2), _ids.Reservation(order));
        _ids.Verify(user, Email).ShouldBeTrue();
        _ids.TryDerive("products", [new("key", "sku-1")], out _, out _).ShouldBeTrue();

        (Count("forge.ids.derived", "users"), Count("forge.ids.derived", "orders")).ShouldBe((2, 1));
        (Count("forge.ids.derived", "payments"), Count("forge.ids.derived", "reservations")).ShouldBe((2, 1));
        (Count("forge.ids.derived", "products"), Count("forge.ids.derived", "events")).ShouldBe((1, 0));
        Count("forge.ids.mismatched", "users").ShouldBe(0);
        _services.GetRequiredService<IdTracking>().LatestMismatchAt.ShouldBeNull();
    }

    [Fact]
    public void Mismatch_is_counted_and_logged_with_a_keyed_hash_of_the_key()
    {
        var (user, other) = (_ids.User(Email), _ids.User("grace@example.com"));
        var (order, product) = (_ids.Order(user, "cart-1"), _ids.Product("sku-1"));

        _ids.Verify(other, Email).ShouldBeFalse();
        _ids.Verify(other, Email).ShouldBeFalse();
        _ids.Verify(order, user, "cart-2").ShouldBeFalse();
        _ids.Verify(product, "sku-2").ShouldBeFalse();
        _ids.Verify(_ids.Saga(order), new OrderId(Guid.Empty)).ShouldBeFalse();
        _ids.Verify(_ids.Reservation(order), new OrderId(Guid.Empty)).ShouldBeFalse();
        _ids.Verify(_ids.Payment(order, 1), order, 2).ShouldBeFalse();
        _ids.Verify(_ids.Event(order.Value, "orders.order-placed", 1), order.Value, "orders.order-placed", 2).ShouldBeFalse();

        var lines = _log.GetSnapshot();
        lines.Count.ShouldBe(8);
        lines.ShouldAllBe(line => line.Level == LogLevel.Error && !line.Message.Contains('@') && !line.Message.Contains("cart"));
        lines[0].Message.ShouldMatch($"^ID mismatch in users: {other} is stored, {user} is derived \\(key hash [0-9a-f]{{16}}\\)$");
        lines[1].Message.ShouldBe(lines[0].Message);
        lines.Select(line => line.StructuredState!.Single(field => field.Key == "KeyHash").Value).Distinct().Count().ShouldBe(7);
        Count("forge.ids.mismatched", "users").ShouldBe(2);
        Count("forge.ids.mismatched", "orders").ShouldBe(1);
        _services.GetRequiredService<IdTracking>().LatestMismatchAt.ShouldNotBeNull();
    }

    [Fact]
    public void Hash_depends_on_the_configured_key()
    {
        string HashOf(params (string, string?)[] settings)
        {
            using var services = Configured(settings);
            services.GetRequiredService<ForgeIds>().Verify(default(UserId), Email).ShouldBeFalse();
            return _log.LatestRecord.StructuredState!.Single(field => field.Key == "KeyHash").Value!;
        }

        var hash = HashOf(("Forge:LogKey", "sixteen-bytes-ok"));
        HashOf(("Forge:LogKey", "sixteen-bytes-ok")).ShouldBe(hash);
        HashOf(("Forge:LogKey", "sixteen-bytes-no")).ShouldNotBe(hash);
        HashOf().ShouldNotBe(HashOf());
        Should.Throw<ForgeConfigurationException>(() => HashOf(("Forge:LogKey", "too-short"))).Message.ShouldBe(
            "Forge:LogKey has 9 bytes of UTF-8; at least 16 are needed.");
    }

    [Fact]
    public void Key_that_has_no_id_is_a_mismatch()
    {
        _ids.Verify(_ids.User(Email), "no address").ShouldBeFalse();
        _ids.Verify(_ids.Order(_ids.User(Email), "cart-1"), _ids.User(Email), "").ShouldBeFalse();

        _log.GetSnapshot().ShouldAllBe(line => line.Message.EndsWith("is invalid and has no ID"));
    }

    // As on the path of an order: deriving and verifying with metrics attached allocates nothing.
    [Fact]
    public void Counted_derivation_and_verification_allocate_nothing()
    {
        var user = _ids.User(Email);
        var order = _ids.Order(user, "cart-1");
        var (saga, payment) = (_ids.Saga(order), _ids.Payment(order, 1));
        var placed = _ids.Event(order.Value, "orders.order-placed", 1);
        void Run()
        {
            _ids.TryUser(Email, out _);
            _ids.Order(user, "cart-1");
            _ids.Verify(user, Email).ShouldBeTrue();
            _ids.Verify(order, user, "cart-1").ShouldBeTrue();
            _ids.Verify(saga, order).ShouldBeTrue();
            _ids.Verify(payment, order, 1).ShouldBeTrue();
            _ids.Verify(placed, order.Value, "orders.order-placed", 1).ShouldBeTrue();
        }

        for (var i = 0; i < 50; i++) Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Run();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    public void Dispose() => _services.Dispose();
}
