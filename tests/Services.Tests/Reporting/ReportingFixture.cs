using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Notifications;
using ForgeShop.Reporting;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>
/// Notifications and Reporting on the shop's Kafka. One instance of each for all their tests: a consumer group shares
/// its partitions, so a second instance with another database would take events away.
/// </summary>
public sealed class ReportingFixture(ServersFixture servers) : IAsyncLifetime
{
    private IProducer<string, string> _producer = null!;

    /// <summary>A public type of the service selects its assembly.</summary>
    public RunningService<Notification> Notifications { get; private set; } = null!;

    public RunningService<OrderReport> Reporting { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _producer = new ProducerBuilder<string, string>(new ProducerConfig
        {
            BootstrapServers = servers.Kafka,
            Acks = Acks.All,
            EnableIdempotence = true,
            Partitioner = Partitioner.Murmur2Random,
            MessageTimeoutMs = 30_000,
        }).Build();
        Notifications = await StartNotifications(await servers.CreateDatabase("notifications"));
        Reporting = await StartReporting(await servers.CreateDatabase("reporting"));
    }

    public Task<RunningService<Notification>> StartNotifications(string database) => servers.Start<Notification>(
        database, ("ConnectionStrings:notifications", database), ("ConnectionStrings:kafka", servers.Kafka));

    public Task<RunningService<OrderReport>> StartReporting(string database) => servers.Start<OrderReport>(
        database, ("ConnectionStrings:reporting", database), ("ConnectionStrings:kafka", servers.Kafka));

    /// <summary>Publishes an event as its service would, with the derived ID.</summary>
    public async Task<EventId> Publish<TEvent>(Guid subject, long sequence, TEvent data, DateTimeOffset? time = null)
        where TEvent : IEventData =>
        await Publish(TEvent.Topic, TEvent.Type, subject, sequence, JsonSerializer.Serialize(data, ContractsJson.Options), time);

    public async Task<EventId> Publish(string topic, string type, Guid subject, long sequence, string data, DateTimeOffset? time = null)
    {
        var id = servers.Ids.Event(subject, type, sequence);
        var headers = new Headers();
        foreach (var (name, value) in new[]
        {
            ("ce_specversion", "1.0"), ("ce_id", id.ToString()), ("ce_type", type), ("ce_source", "/tests"),
            ("ce_subject", subject.ToString()),
            ("ce_time", (time ?? TimeProvider.System.GetUtcNow()).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'")),
            ("ce_sequence", $"{sequence}"), ("ce_dataversion", "1"),
        })
            headers.Add(name, Encoding.UTF8.GetBytes(value));
        await _producer.ProduceAsync(
            topic, new() { Key = subject.ToString(), Value = data, Headers = headers }, TestContext.Current.CancellationToken);
        return id;
    }

    /// <summary>An order of one product that costs 12.50, as Orders announces it.</summary>
    public OrderPlaced Order(UserId user, string reference, DateTimeOffset? placedAt = null, int quantity = 1)
    {
        var id = servers.Ids.Order(user, reference);
        var product = servers.Ids.Product("MUG-TEST");
        return new(
            id, user, reference, "pending",
            [new(servers.Ids.OrderLine(id, product), product, "MUG-TEST", "Mug", quantity, new Money(12.50m, "EUR"))],
            new Money(12.50m * quantity, "EUR"), "sim-ok", placedAt ?? TimeProvider.System.GetUtcNow());
    }

    /// <summary>An order and its confirmation.</summary>
    public async Task PublishConfirmed(OrderPlaced order)
    {
        await Publish(order.OrderId.Value, 1, order);
        await Publish(
            order.OrderId.Value, 2, new OrderConfirmed(order.OrderId, order.UserId, order.Total, TimeProvider.System.GetUtcNow()));
    }

    /// <summary>Returns the answer of Reporting when it is a 200 that fulfils the condition.</summary>
    public Task<JsonElement> Report(string path, Func<JsonElement, bool> condition) => Eventually.Get(
        $"GET {path} is as expected",
        async token =>
        {
            using var answer = await Reporting.Http.GetAsync(path, token);
            return answer.IsSuccessStatusCode
                ? JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(token)) : default;
        },
        body => body.ValueKind == JsonValueKind.Object && condition(body), cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Returns the user's notifications when there are this many.</summary>
    public async Task<List<JsonElement>> Notified(UserId user, int count)
    {
        var path = "/api/v1/notifications?limit=100";
        var page = await Eventually.Get(
            $"there are {count} notifications",
            async token => JsonSerializer.Deserialize<JsonElement>(await Notifications.As(user).GetStringAsync(path, token)),
            body => body.GetProperty("items").GetArrayLength() >= count, cancellationToken: TestContext.Current.CancellationToken);
        return [.. page.GetProperty("items").EnumerateArray()];
    }

    public async ValueTask DisposeAsync()
    {
        _producer.Dispose();
        await Reporting.DisposeAsync();
        await Notifications.DisposeAsync();
    }
}

[CollectionDefinition(nameof(ReportingCollection))]
public sealed class ReportingCollection : ICollectionFixture<ReportingFixture>;
