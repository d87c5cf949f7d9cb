using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Messaging.Contract.Tests;

/// <summary>An order of two products that no other order has, and its events as Orders publishes them.</summary>
public sealed class TestOrder
{
    private static readonly ForgeIds Ids = new();
    private static readonly DateTimeOffset Time = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);

    private readonly UserId _user = Ids.User("ada@example.com");
    private readonly OrderPlacedItem[] _items;

    public TestOrder()
    {
        var reference = Guid.NewGuid().ToString("N");
        Id = Ids.Order(_user, reference);
        Reference = reference;
        _items = [.. new[] { "A", "B" }.Select(letter => Item(Id, $"{letter}-{reference}".ToUpperInvariant()))];
    }

    public OrderId Id { get; }

    public string Reference { get; }

    public Guid FirstProduct => _items[0].ProductId.Value;

    public Guid SecondProduct => _items[1].ProductId.Value;

    /// <summary>Gets the IDs of its three events.</summary>
    public Guid[] EventIds =>
        [IdOf(OrderPlaced.Type, 1), IdOf(OrderConfirmed.Type, 2), IdOf(OrderCancelled.Type, 3)];

    public Message<byte[]?, byte[]?> Placed => Write(
        1, new OrderPlaced(Id, _user, Reference, "pending", _items, new Money(25, "EUR"), "sim-ok", Time));

    public Message<byte[]?, byte[]?> Confirmed => Write(2, new OrderConfirmed(Id, _user, new Money(25, "EUR"), Time) { Items = _items });

    public Message<byte[]?, byte[]?> Cancelled => Write(
        3, new OrderCancelled(Id, _user, "customer-request", new Money(25, "EUR"), Time) { ConfirmedAt = Time, Items = _items });

    /// <summary>Returns a message with any type and body and a derived ID.</summary>
    public Message<byte[]?, byte[]?> Write(string type, long sequence, int version, string? body)
    {
        var headers = new Headers();
        foreach (var (name, text) in new[]
        {
            ("ce_specversion", "1.0"), ("ce_id", IdOf(type, sequence).ToString()), ("ce_type", type), ("ce_source", "/orders"),
            ("ce_subject", Id.ToString()), ("ce_time", "2026-11-21T08:00:00Z"),
            ("ce_sequence", sequence.ToString(CultureInfo.InvariantCulture)),
            ("ce_dataversion", version.ToString(CultureInfo.InvariantCulture)), ("content-type", "application/json"),
        })
            headers.Add(name, Encoding.UTF8.GetBytes(text));
        var value = body is null ? null : Encoding.UTF8.GetBytes(body);
        return new() { Key = Encoding.UTF8.GetBytes(Id.ToString()), Value = value, Headers = headers };
    }

    private Message<byte[]?, byte[]?> Write<TData>(long sequence, TData data) where TData : IEventData =>
        Write(TData.Type, sequence, TData.DataVersion, JsonSerializer.Serialize(data, ContractsJson.Options));

    private static OrderPlacedItem Item(OrderId order, string sku) =>
        new(Ids.OrderLine(order, Ids.Product(sku)), Ids.Product(sku), sku, sku, 1, new Money(12.5m, "EUR"));

    private Guid IdOf(string type, long sequence) => Ids.Event(Id.Value, type, sequence).Value;
}

internal static class MessageExtensions
{
    /// <summary>Sets a header; null removes it.</summary>
    public static Message<byte[]?, byte[]?> With(this Message<byte[]?, byte[]?> message, string header, string? value)
    {
        message.Headers.Remove(header);
        if (value is not null)
            message.Headers.Add(header, Encoding.UTF8.GetBytes(value));
        return message;
    }

    public static string? Header(this Message<byte[]?, byte[]?> message, string name) =>
        message.Headers.TryGetLastBytes(name, out var bytes) && bytes is not null ? Encoding.UTF8.GetString(bytes) : null;
}
