using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Reporting;

namespace ForgeShop.Services.Tests;

/// <summary>A random history of the shop as Reporting reads it: partitions of recorded events, duplicates among them.</summary>
internal sealed class ReportingHistory
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ForgeIds _ids = new();
    private readonly Random _random;

    public ReportingHistory(Random random, int orders)
    {
        _random = random;
        Users = [.. Enumerable.Range(0, 3).Select(_ => _ids.User($"{Guid.NewGuid():N}@example.com"))];
        var streams = Users.Select(OfUser).Concat(Enumerable.Range(0, orders).SelectMany(OfOrder)).Where(stream => stream.Count > 0)
            .ToList();
        // Streams interleave; the events of an aggregate stay in order. Some are published again later, in their own log or in one that
        // replaced it.
        while (streams.Count > 0)
        {
            var stream = streams[random.Next(streams.Count)];
            Publish(stream[0]);
            stream.RemoveAt(0);
            if (stream.Count == 0)
                streams.Remove(stream);
            if (random.Next(5) == 0)
                Publish(Random(Partitions.Values.SelectMany(events => events).ToList()), random.Next(4) == 0 ? "@2" : "@1");
        }
    }

    public IReadOnlyList<UserId> Users { get; }

    /// <summary>The copies in each partition, in the order of their offsets.</summary>
    public SortedDictionary<string, List<RecordedEvent>> Partitions { get; } = new(StringComparer.Ordinal);

    public static RecordedEvent Event<TEvent>(Guid subject, long sequence, TEvent data, DateTimeOffset? time = null,
        EventId? cause = null) where TEvent : IEventData => new(
        new ForgeIds().Event(subject, TEvent.Type, sequence), TEvent.Type, "/tests", subject, sequence, time
            ?? Noon, TEvent.DataVersion, null, cause, null,
        JsonSerializer.SerializeToElement(data, ContractsJson.Options), $"{TEvent.Topic}-0@1", sequence, time ?? Noon);

    private T Random<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    private void Publish(RecordedEvent recorded, string cluster = "@1")
    {
        var partition = $"{recorded.Source[1..]}-{recorded.Subject.GetHashCode() & 1}{cluster}";
        if (!Partitions.TryGetValue(partition, out var events))
            Partitions[partition] = events = [];
        // Offsets have gaps: Kafka's own records take some.
        var offset = events.Count == 0 ? _random.Next(3) : events[^1].Offset + 1 + _random.Next(2);
        events.Add(
            recorded with { Partition = partition, Offset = offset,
            RecordedAt = Noon.AddSeconds(Partitions.Values.Sum(all => all.Count)) });
    }

    private List<RecordedEvent> OfUser(UserId user)
    {
        List<RecordedEvent> events =
        [
            Event(user.Value, 1, new UserRegistered(user, $"{user}@example.com", "First", Noon)),
            Event(user.Value, 2, new UserProfileChanged(user, "Second", Noon.AddHours(1))),
        ];
        if (user == Users[0])
            events.Add(Event(user.Value, 3, new UserDeactivated(user, Noon.AddHours(2))));
        return [.. events.Select(recorded => recorded with { Source = "/users" })];
    }

    private IEnumerable<List<RecordedEvent>> OfOrder(int number)
    {
        var user = Random(Users);
        var order = _ids.Order(user, $"cart-{number}");
        var placedAt = Noon.AddHours(_random.Next(72));
        var currency = _random.Next(4) == 0 ? "USD" : "EUR";
        List<OrderPlacedItem> items = [.. Enumerable.Range(0, 1 + _random.Next(3)).Select(item =>
        {
            var product = _ids.Product($"SKU-{(number + item) % 7}");
            var price = new Money(_random.Next(1, 5000) / 100m, currency);
            return new OrderPlacedItem(_ids.OrderLine(order, product), product, $"SKU-{(number + item) % 7}", $"Name {_random.Next(3)}",
                1 + _random.Next(3), price);
        })];
        var total = new Money(items.Sum(item => item.UnitPrice.Amount * item.Quantity), currency);
        var placed = Event(
            order.Value, 1, new OrderPlaced(order, user, $"cart-{number}", "pending", items, total, "sim-ok", placedAt), placedAt);
        var confirmedAt = placedAt.AddMinutes(1);
        var isOld = _random.Next(5) == 0; // an event of an older release
        var confirmed = Event(
            order.Value, 2, new OrderConfirmed(order, user, total, confirmedAt) { Items = isOld ? null : items }, confirmedAt);
        var outcome = _random.Next(4);
        List<RecordedEvent> own = outcome switch
        {
            0 => [placed, Event(order.Value, 2, new OrderCancelled(order, user, "out-of-stock", total, confirmedAt), confirmedAt)],
            1 => [placed, confirmed,
                Event(order.Value, 3, new OrderCancelled(order, user, "customer-request", total, confirmedAt.AddHours(30))
            {
                ConfirmedAt = isOld ? null : confirmedAt, Items = isOld ? null : items,
            }, confirmedAt.AddHours(30))],
            _ => [placed, confirmed],
        };
        yield return [.. own.Select(recorded => recorded with { Source = "/orders" })];
        var reservation = _ids.Reservation(order);
        yield return [Event(reservation.Value, 1, new StockReserved(reservation, order), placedAt.AddSeconds(2),
            placed.Id) with { Source = "/inventory" }];
        var notification = _ids.Notification(user, "order-placed", order.Value);
        yield return
        [
            Event(notification.Value, 1, new NotificationSent(notification, user, "order-placed", order.Value, "in-app", placedAt),
                placedAt.AddSeconds(-1), placed.Id)
                with { Source = "/notifications" },
        ];
    }
}
