using Confluent.Kafka;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Messaging.Contract.Tests;

/// <summary>
/// What every consumer of the shop's events guarantees, in any language. The tests know the service by its process, its consumer group, the
/// dead-letter topic and its database only.
/// </summary>
public abstract class MessagingContract<TService>(ContractFixture<TService> fixture) where TService : ServiceUnderTest, new()
{
    // A body that is no event of its type, each with the reason.
    private static readonly (string What, Func<TestOrder, Message<byte[]?, byte[]?>> Message)[] Poison =
    [
        ("truncated", order => order.Write(OrderConfirmed.Type, 2, 1, "{\"orderId\":")),
        ("no object", order => order.Write(OrderConfirmed.Type, 2, 1, "[1]")),
        ("null", order => order.Write(OrderConfirmed.Type, 2, 1, "null")),
        ("empty object", order => order.Write(OrderConfirmed.Type, 2, 1, "{}")),
        ("foreign ID", order => order.Confirmed.With("ce_id", "00112233-4455-5677-8899-aabbccddeeff")),
        ("ID of another sequence number", order => order.Confirmed.With("ce_sequence", "7")),
        ("no ID", order => order.Confirmed.With("ce_id", null)),
        ("subject that is no ID", order => order.Confirmed.With("ce_subject", "someone")),
        ("sequence number 0", order => order.Confirmed.With("ce_sequence", "0")),
        ("CloudEvents 0.3", order => order.Confirmed.With("ce_specversion", "0.3")),
    ];

    private readonly TService _service = fixture.Service;

    [Fact]
    public async Task Duplicates_have_one_effect()
    {
        SkipIfMissing();
        var order = new TestOrder();
        await fixture.PublishAsync(order.Placed, order.Placed, order.Confirmed, order.Confirmed, order.Placed);
        await fixture.HandledAsync(order, OrderPlaced.Type, OrderConfirmed.Type);

        // Again, in other batches than the first time.
        await fixture.PublishAsync(order.Confirmed);
        await fixture.PublishAsync(order.Placed);
        await fixture.HandledUpToHereAsync();

        (await _service.StateAsync(order)).ShouldBe(_service.StateOf(OrderPlaced.Type, OrderConfirmed.Type));
        (await fixture.DeadLettersAsync(0))[$"{order.Id}"].ShouldBeEmpty();
    }

    [Fact]
    public async Task Events_out_of_order_have_the_effect_of_events_in_order()
    {
        SkipIfMissing();
        var (inOrder, reversed, late) = (new TestOrder(), new TestOrder(), new TestOrder());
        await fixture.PublishAsync(
            inOrder.Placed, inOrder.Confirmed, inOrder.Cancelled, reversed.Cancelled, reversed.Confirmed, reversed.Placed,
            late.Confirmed, late.Cancelled);
        await fixture.HandledUpToHereAsync();
        await fixture.PublishAsync(late.Placed);

        foreach (var order in new[] { inOrder, reversed, late })
            await fixture.HandledAsync(order, OrderPlaced.Type, OrderConfirmed.Type, OrderCancelled.Type);
    }

    [Fact]
    public async Task Poison_is_dead_lettered_with_its_bytes_and_blocks_nothing()
    {
        SkipIfMissing();
        var poisoned = Poison.Select(poison => (poison.What, Order: new TestOrder(), poison.Message)).ToList();
        var behind = new TestOrder();

        await fixture.PublishAsync([.. poisoned.Select(poison => poison.Message(poison.Order)), behind.Placed]);
        await fixture.HandledUpToHereAsync();

        await fixture.HandledAsync(behind, OrderPlaced.Type);
        var letters = await fixture.DeadLettersAsync(1, [.. poisoned.Select(poison => poison.Order)]);
        foreach (var (what, order, message) in poisoned)
        {
            var letter = letters[$"{order.Id}"].ShouldHaveSingleItem(what);
            letter.Value.ShouldBe(message(order).Value, what);
            letter.Header("ce_type").ShouldBe(OrderConfirmed.Type, what);
            letter.Header(DeadLetterHeaders.Topic).ShouldBe(Topics.OrderEvents, what);
            letter.Header(DeadLetterHeaders.Group).ShouldBe(_service.Name, what);
            letter.Header(DeadLetterHeaders.Error).ShouldNotBeNullOrWhiteSpace(what);
            // No further attempt could make it readable.
            letter.Header(DeadLetterHeaders.Attempts).ShouldBe("1", what);
            (await _service.StateAsync(order)).ShouldBe(_service.StateOf(), what);
        }
    }

    [Fact]
    public async Task Newer_version_of_a_type_is_dead_lettered_and_no_effect_is_guessed()
    {
        SkipIfMissing();
        var order = new TestOrder();

        await fixture.PublishAsync(order.Placed.With("ce_dataversion", "99"), order.Confirmed);

        var letter = (await fixture.DeadLettersAsync(1, order))[$"{order.Id}"].ShouldHaveSingleItem();
        letter.Header(DeadLetterHeaders.Error)!.ShouldContain("99");
        await fixture.HandledAsync(order, OrderConfirmed.Type);
    }

    [Fact]
    public async Task Tombstones_unknown_types_and_foreign_messages_are_skipped()
    {
        SkipIfMissing();
        var order = new TestOrder();
        var foreign = order.Write(OrderPlaced.Type, 1, 1, "not of this shop");
        foreign.Headers = [];

        await fixture.PublishAsync(
            order.Write(OrderPlaced.Type, 1, 1, null), order.Write("orders.order-lost", 1, 1, "{}"),
            order.Write("orders.order-lost", 2, 99, "not JSON"), foreign, order.Confirmed);

        await fixture.HandledAsync(order, OrderConfirmed.Type);
        (await fixture.DeadLettersAsync(0))[$"{order.Id}"].ShouldBeEmpty();
    }

    [Fact]
    public async Task Replay_from_the_beginning_changes_nothing()
    {
        SkipIfMissing();
        var orders = Enumerable.Range(0, 20).Select(_ => new TestOrder()).ToList();
        await fixture.PublishAsync([.. orders.SelectMany(order => new[] { order.Placed, order.Confirmed })]);
        foreach (var order in orders)
            await fixture.HandledAsync(order, OrderPlaced.Type, OrderConfirmed.Type);

        await _service.StopAsync();
        await fixture.SetOffsetsAsync(fixture.All.Select(partition => new TopicPartitionOffset(partition, 0)));
        _service.Start(fixture.Kafka);
        await fixture.HandledUpToHereAsync();

        foreach (var order in orders)
            (await _service.StateAsync(order)).ShouldBe(_service.StateOf(OrderPlaced.Type, OrderConfirmed.Type));
    }

    /// <summary>The offsets of the killed process are taken back, so each round repeats what it had committed to its database.</summary>
    [Fact(Explicit = true)]
    public async Task Kill_between_commit_and_offset_has_one_effect()
    {
        SkipIfMissing();
        for (var round = 0; round < 3; round++)
        {
            await fixture.HandledUpToHereAsync();
            var before = fixture.Offsets();
            var orders = Enumerable.Range(0, 300).Select(_ => new TestOrder()).ToList();
            await fixture.PublishAsync([.. orders.SelectMany(order => new[] { order.Placed, order.Confirmed })]);
            await fixture.HandledAsync(orders[0], OrderPlaced.Type, OrderConfirmed.Type);

            await _service.KillAsync();
            await fixture.SetOffsetsAsync(before);
            _service.Start(fixture.Kafka);

            foreach (var order in orders)
                await fixture.HandledAsync(order, OrderPlaced.Type, OrderConfirmed.Type);
        }
    }

    [Fact(Explicit = true)]
    public async Task Broker_that_is_away_delays_events_and_loses_none()
    {
        SkipIfMissing();
        var (before, after) = (new TestOrder(), new TestOrder());
        await fixture.PublishAsync(before.Placed, before.Confirmed);

        await fixture.Kafka.StopAsync(TestContext.Current.CancellationToken);
        // Longer than the consumer's session, so that it is no member any more.
        await Task.Delay(TimeSpan.FromSeconds(12), TestContext.Current.CancellationToken);
        _service.ShouldRun();
        await fixture.Kafka.StartAsync(TestContext.Current.CancellationToken);
        await fixture.PublishAsync(after.Placed, before.Placed, before.Cancelled);

        await fixture.HandledAsync(before, OrderPlaced.Type, OrderConfirmed.Type, OrderCancelled.Type);
        await fixture.HandledAsync(after, OrderPlaced.Type);
        _service.ShouldRun();
    }

    private void SkipIfMissing() => Assert.SkipWhen(_service.Missing is not null, _service.Missing ?? "");
}
