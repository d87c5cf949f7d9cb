using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Forge.Tests;

/// <summary>The wire format of each event. A change breaks consumers, so it must also be made in this file.</summary>
public sealed class EventContractTests
{
    private static readonly ForgeIds Ids = new();
    private static readonly UserId Ada = Ids.User("ada@example.com");
    private static readonly DateTimeOffset Noon = new(2024, 1, 15, 12, 0, 0, TimeSpan.Zero);

    private static readonly OrderId Order = Ids.Order(Ada, "cart-1");
    private static readonly string ReservationJson =
        $$"""{"reservationId":"{{Ids.Reservation(Order)}}","orderId":"7e558d62-0221-5a98-9949-a65bfd2da23e"}""";
    private static readonly string PaymentJson =
        $$"""{"paymentId":"{{Ids.Payment(Order, 1)}}","orderId":"7e558d62-0221-5a98-9949-a65bfd2da23e"}""";

    private static readonly OrderPlacedItem[] Items =
        [new(Ids.OrderLine(Order, Ids.Product("SKU-001")), Ids.Product("SKU-001"), "SKU-001", "Hammer", 2, new Money(12.5m, "EUR"))];

    private static readonly string ItemsJson =
        $$$"""
            [{"lineId":"{{{Items[0].LineId}}}","productId":"10233541-53d6-55c9-8081-25749ee3bf3e",
            "sku":"SKU-001","name":"Hammer","quantity":2,"unitPrice":{"amount":"12.50","currency":"EUR"}}]
            """.ReplaceLineEndings("");

    private static readonly string ConfirmedJson = """
        {"orderId":"7e558d62-0221-5a98-9949-a65bfd2da23e","userId":"6e16f6c3-de6b-55c3-80ba-75907720bb8a",
        "total":{"amount":"25.00","currency":"EUR"},"confirmedAt":"2024-01-15T12:00:00+00:00"}
        """.ReplaceLineEndings("");

    private static readonly string CancelledJson = """
        {"orderId":"7e558d62-0221-5a98-9949-a65bfd2da23e","userId":"6e16f6c3-de6b-55c3-80ba-75907720bb8a","reason":"out-of-stock",
        "total":{"amount":"25.00","currency":"EUR"},"cancelledAt":"2024-01-15T12:00:00+00:00"}
        """.ReplaceLineEndings("");

    public static TheoryData<object, string> Events => new()
    {
        { new UserRegistered(Ada, "ada@example.com", "Ada", Noon),
            """
                {"userId":"6e16f6c3-de6b-55c3-80ba-75907720bb8a","email":"ada@example.com","name":"Ada",
                "registeredAt":"2024-01-15T12:00:00+00:00"}
                """.ReplaceLineEndings("") },
        { new UserProfileChanged(Ada, "Ada L.", Noon),
            """{"userId":"6e16f6c3-de6b-55c3-80ba-75907720bb8a","name":"Ada L.","changedAt":"2024-01-15T12:00:00+00:00"}""" },
        { new UserDeactivated(Ada, Noon),
            """{"userId":"6e16f6c3-de6b-55c3-80ba-75907720bb8a","deactivatedAt":"2024-01-15T12:00:00+00:00"}""" },
        {
            new ProductChanged(Ids.Product("SKU-001"), "SKU-001", "Hammer", new Money(12.5m, "EUR"), 3, Noon),
            """
                {"productId":"10233541-53d6-55c9-8081-25749ee3bf3e","sku":"SKU-001","name":"Hammer",
                "price":{"amount":"12.50","currency":"EUR"},"available":3,"changedAt":"2024-01-15T12:00:00+00:00"}
                """.ReplaceLineEndings("")
        },
        {
            new RecommendationsChanged(
                Ids.Product("SKU-001"), "SKU-001", [new RecommendedProduct(Ids.Product("SKU-001"), "SKU-001", 2)], Noon),
            """
                {"productId":"10233541-53d6-55c9-8081-25749ee3bf3e","sku":"SKU-001",
                "products":[{"productId":"10233541-53d6-55c9-8081-25749ee3bf3e","sku":"SKU-001","orders":2}],
                "changedAt":"2024-01-15T12:00:00+00:00"}
                """.ReplaceLineEndings("")
        },
        {
            new OrderPlaced(Order, Ada, "cart-1", "confirmed", Items, new Money(25, "EUR"), "sim-ok", Noon),
            $$$"""
                {"orderId":"7e558d62-0221-5a98-9949-a65bfd2da23e","userId":"6e16f6c3-de6b-55c3-80ba-75907720bb8a",
                "reference":"cart-1","status":"confirmed","items":{{{ItemsJson}}},"total":{"amount":"25.00","currency":"EUR"},
                "paymentMethod":"sim-ok","placedAt":"2024-01-15T12:00:00+00:00"}
                """.ReplaceLineEndings("")
        },
        {
            new ReserveStock(Ids.Reservation(Order), Order, [new ReserveStockLine(Ids.Product("SKU-001"), 2)]),
            ReservationJson[..^1] + ""","lines":[{"productId":"10233541-53d6-55c9-8081-25749ee3bf3e","quantity":2}]}"""
        },
        { new ReleaseStock(Ids.Reservation(Order), Order), ReservationJson },
        { new StockReserved(Ids.Reservation(Order), Order), ReservationJson },
        {
            new ReservationFailed(Ids.Reservation(Order), Order, [new MissingStock(Ids.Product("SKU-001"), 2, 1)]),
            ReservationJson[..^1] + ""","missing":[{"productId":"10233541-53d6-55c9-8081-25749ee3bf3e","wanted":2,"available":1}]}"""
        },
        { new StockReleased(Ids.Reservation(Order), Order), ReservationJson },
        {
            new ChargePayment(Ids.Payment(Order, 1), Order, 1, new Money(25, "EUR"), "sim-ok", Noon),
            PaymentJson[..^1] + ""","attempt":1,"amount":{"amount":"25.00","currency":"EUR"}"""
                + ""","method":"sim-ok","validUntil":"2024-01-15T12:00:00+00:00"}"""
        },
        { new RefundPayment(Ids.Payment(Order, 1), Order, 1, new Money(25, "EUR")), PaymentJson[..^1]
            + ""","attempt":1,"amount":{"amount":"25.00","currency":"EUR"}}""" },
        {
            new PaymentCharged(Ids.Payment(Order, 1), Order, new Money(25, "EUR"), Noon),
            PaymentJson[..^1] + ""","amount":{"amount":"25.00","currency":"EUR"},"chargedAt":"2024-01-15T12:00:00+00:00"}"""
        },
        { new PaymentDeclined(Ids.Payment(Order, 1), Order, "insufficient-funds"), PaymentJson[..^1]
            + ""","reason":"insufficient-funds"}""" },
        { new PaymentRefunded(Ids.Payment(Order, 1), Order, new Money(0, "EUR")), PaymentJson[..^1]
            + ""","amount":{"amount":"0.00","currency":"EUR"}}""" },
        {
            new OrderConfirmed(Order, Ada, new Money(25, "EUR"), Noon) { Items = Items },
            ConfirmedJson[..^1] + ""","items":""" + ItemsJson + "}"
        },
        {
            new OrderCancelled(Order, Ada, "out-of-stock", new Money(25, "EUR"), Noon) { ConfirmedAt = Noon.AddDays(-1), Items = Items },
            CancelledJson[..^1] + ""","confirmedAt":"2024-01-14T12:00:00+00:00","items":""" + ItemsJson + "}"
        },
        {
            new NotificationSent(Ids.Notification(Ada, "order-confirmed", Ada.Value), Ada, "order-confirmed", Ada.Value, "in-app", Noon),
            $$"""
                {"notificationId":"{{Ids.Notification(Ada, "order-confirmed", Ada.Value)}}",
                "userId":"6e16f6c3-de6b-55c3-80ba-75907720bb8a","kind":"order-confirmed",
                "reference":"6e16f6c3-de6b-55c3-80ba-75907720bb8a","channel":"in-app","sentAt":"2024-01-15T12:00:00+00:00"}
                """.ReplaceLineEndings("")
        },
    };

    [Theory]
    [MemberData(nameof(Events), DisableDiscoveryEnumeration = true)]
    public void Event_is_written_and_read_back_in_its_wire_format(object data, string json)
    {
        JsonSerializer.Serialize(data, data.GetType(), ContractsJson.Options).ShouldBe(json);
        var read = JsonSerializer.Deserialize(json, data.GetType(), ContractsJson.Options);
        JsonSerializer.Serialize(read, data.GetType(), ContractsJson.Options).ShouldBe(json);
        ContractsJson.Options.GetTypeInfo(data.GetType()).OriginatingResolver.ShouldBe(
            JsonContext.Default, "contracts are source-generated");
    }

    [Fact]
    public void Order_event_without_later_members_is_read_and_written()
    {
        var confirmed = JsonSerializer.Deserialize<OrderConfirmed>(ConfirmedJson, ContractsJson.Options)!;
        var cancelled = JsonSerializer.Deserialize<OrderCancelled>(CancelledJson, ContractsJson.Options)!;

        (confirmed.Items, cancelled.Items, cancelled.ConfirmedAt).ShouldBe((null, null, null));
        JsonSerializer.Serialize(confirmed, ContractsJson.Options).ShouldBe(ConfirmedJson);
        JsonSerializer.Serialize(cancelled, ContractsJson.Options).ShouldBe(CancelledJson);
    }

    [Fact]
    public void Samples_cover_every_event_of_Contracts()
    {
        var all = typeof(IEventData).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IEventData)))
            .Select(type => type.Name).Order(StringComparer.Ordinal);
        Events.Select(row => row.Data.Item1.GetType().Name).Order(StringComparer.Ordinal).ShouldBe(all);
    }

    [Fact]
    public void Types_and_topics_of_events_are_stable()
    {
        static string Describe<T>() where T : IEventData => $"{T.Type} {T.Topic} {T.DataVersion}";
        string[] events =
        [
            Describe<UserRegistered>(), Describe<UserProfileChanged>(), Describe<UserDeactivated>(), Describe<ProductChanged>(),
            Describe<StockReserved>(), Describe<ReservationFailed>(), Describe<StockReleased>(),
            Describe<PaymentCharged>(), Describe<PaymentDeclined>(), Describe<PaymentRefunded>(), Describe<OrderPlaced>(),
            Describe<OrderConfirmed>(), Describe<OrderCancelled>(),
            Describe<NotificationSent>(),
        ];
        events.ShouldBe(
        [
            "users.user-registered user.events 1", "users.user-profile-changed user.events 1", "users.user-deactivated user.events 1",
            "inventory.product-changed inventory.events 1", "inventory.stock-reserved inventory.events 1",
            "inventory.reservation-failed inventory.events 1", "inventory.stock-released inventory.events 1",
            "payments.payment-charged payment.events 1", "payments.payment-declined payment.events 1",
            "payments.payment-refunded payment.events 1",
            "orders.order-placed order.events 1", "orders.order-confirmed order.events 1", "orders.order-cancelled order.events 1",
            "notifications.notification-sent notification.events 2",
        ]);
        string[] commands = [Describe<ReserveStock>(), Describe<ReleaseStock>(), Describe<ChargePayment>(), Describe<RefundPayment>()];
        commands.ShouldBe(
            ["inventory.reserve-stock inventory.commands 1", "inventory.release-stock inventory.commands 1",
            "payments.charge-payment payment.commands 1", "payments.refund-payment payment.commands 1"]);
    }

    [Fact]
    public void Additional_member_is_ignored_and_a_missing_one_throws()
    {
        const string json =
            """
            {"userId":"6e16f6c3-de6b-55c3-80ba-75907720bb8a","email":"ada@example.com","name":"Ada",
            "registeredAt":"2024-01-15T12:00:00+00:00","addedLater":{"x":1}}
            """;
        JsonSerializer.Deserialize<UserRegistered>(json, ContractsJson.Options)!.UserId.ShouldBe(Ada);
        foreach (var member in new[] { "userId", "email", "registeredAt" })
        {
            Should.Throw<JsonException>(() =>
                JsonSerializer.Deserialize<UserRegistered>(
                json.Replace($"\"{member}\"", "\"other\"", StringComparison.Ordinal), ContractsJson.Options));
        }
        Should.Throw<JsonException>(() =>
            JsonSerializer.Deserialize<UserRegistered>(json.Replace("\"Ada\"", "null", StringComparison.Ordinal), ContractsJson.Options));
    }

    [Fact]
    public void Data_of_an_older_version_is_upcast()
    {
        // As published before version 2, and stored in logs and event stores.
        var old = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Contracts", "notification.sent.v1.json"))).RootElement;

        EventData.Read<NotificationSent>(old, 1).ShouldBe(
            new NotificationSent(Ids.Notification(Ada, "order-placed", Ids.Order(Ada, "cart-1").Value), Ada, "order-placed",
                Ids.Order(Ada, "cart-1").Value, "in-app", Noon));
        Should.Throw<JsonException>(() => EventData.Read<NotificationSent>(old, 2));
    }

    [Fact]
    public void Data_of_a_newer_version_throws() =>
        Should.Throw<UnknownEventVersionException>(() => EventData.Read<NotificationSent>(default, 3)).Message
            .ShouldBe("version 3 of notifications.notification-sent is not known here, only 2");

    private sealed record LocalDocument(UserId Owner, Money Total);

    [Fact]
    public void Documents_have_the_same_JSON_rules_as_events() =>
        JsonSerializer.Serialize(new LocalDocument(Ada, new Money(1, "EUR")), ContractsJson.Options)
            .ShouldBe("""{"owner":"6e16f6c3-de6b-55c3-80ba-75907720bb8a","total":{"amount":"1.00","currency":"EUR"}}""");

    [Fact]
    public void Json_options_are_read_only() => Should.Throw<InvalidOperationException>(() => ContractsJson.Options.WriteIndented = true);
}
