using System.Globalization;
using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Messaging.Tests;

/// <summary>What a message may carry: the effect needs some attributes, the others only explain it.</summary>
public sealed class MessageFormatTests(Servers servers, Broker broker) : SharedKafkaTest(servers, broker)
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    public static TheoryData<string, string?, string> Unreadable => new()
    {
        { "ce_id", null, "ce_id is missing" },
        { "ce_id", "00112233-4455-5677-8899-aabbccddeeff", "not derived" },
        { "ce_id", "+0112233-4455-5677-8899-aabbccddeeff", "not an ID" },
        { "ce_subject", "someone", "not an ID" },
        { "ce_sequence", null, "ce_sequence is missing" },
        { "ce_sequence", "0", "not a positive integer" },
        { "ce_sequence", "7", "not derived" },
        { "ce_specversion", "0.3", "not 1.0" },
        { "ce_dataversion", "2", "version 2" },
        { "ce_dataversion", "x", "not a positive integer" },
        { "value", "{\"counterId\":", "the data is no" },
        { "value", "{\"value\":1}", "the data is no" },
        { "value", "null", "the data is no" },
        { "value", "[1]", "the data is no" },
    };

    public static TheoryData<string, string?> Tolerated => new()
    {
        { "ce_correlationid", "checkout-4711" },
        { "ce_correlationid", "" },
        { "ce_causationid", "the request" },
        { "ce_causationid", "" },
        { "traceparent", "not a trace" },
        { "traceparent", "" },
        { "traceparent", "00-00000000000000000000000000000000-0000000000000000-00" },
        { "tracestate", "a=b\0" },
        { "tracestate", "Grüße" },
        { "tracestate", new string('x', 600) },
        { "ce_source", null },
        { "ce_source", "" },
        { "ce_source", "with\0zero" },
        { "ce_time", null },
        { "ce_time", "yesterday" },
        { "ce_time", "2026-11-21T02:00:00+02:00" },
        { "ce_dataversion", null },
        { "ce_unknown", "x" },
        { "content-type", "text/plain" },
    };

    [Fact]
    public async Task Unreadable_messages_are_dead_lettered_at_once_and_block_nothing()
    {
        await using var kafka = new KafkaServer(partitions: 1);
        await kafka.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka);
        using var metrics = new MetricReader(service);
        var (behind, poisoned) = (Guid.NewGuid(), Unreadable.Select(row => (Subject: Guid.NewGuid(), row.Data)).ToList());

        var messages = poisoned.ConvertAll(
            row => With(CounterMessage.Changed(row.Subject, 1), row.Data.Item1, row.Data.Item2).Adding("test", row.Subject.ToByteArray()));
        await KafkaLog.ProduceAsync(kafka, Topic, [.. messages, CounterMessage.Changed(behind, 1)]);

        await service.HandledAsync(behind, 1);
        var letters = await KafkaLog.DeadLettersAsync(kafka, DeadLetterTopic, poisoned.Count, _ => true);
        letters.Count.ShouldBe(poisoned.Count);
        foreach (var (subject, (header, value, reason)) in poisoned)
        {
            var letter = letters.Single(letter => letter.Message.Headers.GetLastBytes("test").SequenceEqual(subject.ToByteArray()));
            letter.Header("dlq_error").ShouldNotBeNull().ShouldContain(reason, customMessage: $"{header} = {value}");
            letter.Header("dlq_attempts").ShouldBe("1");
            (await service.EffectsAsync(subject)).ShouldBeEmpty();
        }
        // Foreign IDs are also reported as such.
        metrics.Gauge("forge.ids.mismatched", ("forge.entity_type", "events"))
            .ShouldBe(poisoned.Count(row => row.Data.Item3 == "not derived"));
        service.Logged("ID mismatch in events: 00112233-4455-5677-8899-aabbccddeeff is stored").ShouldBeTrue();
    }

    [Fact]
    public async Task Malformed_optional_attribute_is_dropped()
    {
        await using var service = await StartAsync(Kafka);
        var rows = Tolerated.Select(row => (Subject: Guid.NewGuid(), row.Data)).ToList();
        var subjects = rows.Select(row => row.Subject).ToHashSet();
        // What a handler emits carries the attributes on.
        service.Script.After = (db, context) =>
        {
            if (subjects.Contains(context.Subject))
                db.Emit(db.Add(new Counter { Id = context.Subject, LastSequence = 1 }).Entity, new CounterArchived(context.Subject),
                    context.Origin);
            return Task.CompletedTask;
        };

        await KafkaLog.ProduceAsync(
            Kafka, Topic, [.. rows.Select(row => With(CounterMessage.Changed(row.Subject, 1), row.Data.Item1, row.Data.Item2))]);

        foreach (var (subject, (header, value)) in rows)
        {
            await service.HandledAsync(subject, 1);
            var context = service.Script.Contexts.Last(context => context.Subject == subject);
            var written = DateTimeOffset.Parse("2026-11-21T00:00:00Z", CultureInfo.InvariantCulture);
            context.Cause.CorrelationId.ShouldBeNull(customMessage: $"{header} = {value}");
            context.Cause.CausationId.ShouldBeNull();
            // Where something listens to spans, the delivery has one: in the trace of the message if that can be read, else in a new one.
            if (header == "tracestate")
                context.Cause.TraceParent.ShouldNotBeNull().ShouldStartWith(TraceParent[..35]);
            else if (header == "traceparent")
                context.Cause.TraceParent.ShouldNotBe(value);
            context.Cause.TraceState.ShouldBeNull();
            context.Time.Offset.ShouldBe(TimeSpan.Zero);
            if (header != "ce_time" || value?.EndsWith("+02:00", StringComparison.Ordinal) == true)
                context.Time.ShouldBe(written);
            (await service.PublishedAsync(subject)).ShouldHaveSingleItem();
        }
        (await KafkaLog.ReadAsync(Kafka, DeadLetterTopic)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Last_of_several_headers_with_one_name_counts()
    {
        await using var service = await StartAsync(Kafka);
        var (counter, correlation) = (Guid.NewGuid(), new ForgeIds().Correlation("test", "twice", "1"));

        await KafkaLog.ProduceAsync(Kafka, Topic, CounterMessage.Changed(counter, 1).With("ce_correlationid", "first")
            .Adding("ce_correlationid", System.Text.Encoding.UTF8.GetBytes(correlation.ToString()))
                .Adding("ce_type", System.Text.Encoding.UTF8.GetBytes(CounterChanged.Type)));

        await service.HandledAsync(counter, 1);
        service.Script.Contexts.Single(context => context.Subject == counter).Cause.CorrelationId.ShouldBe(correlation);
    }

    [Fact]
    public async Task Tombstones_and_foreign_messages_are_skipped_and_counted()
    {
        await using var kafka = new KafkaServer(partitions: 1);
        await kafka.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka);
        using var metrics = new MetricReader(service);
        var counter = Guid.NewGuid();

        await KafkaLog.ProduceAsync(
            kafka, Topic,
            new Message<byte[]?, byte[]?> { Key = "x"u8.ToArray() },
            new Message<byte[]?, byte[]?> { Key = null, Value = [0xff, 0x00] },
            new Message<byte[]?, byte[]?> { Value = "{}"u8.ToArray(), Headers = new Headers { { "ce_type", [0xff] }, { "empty", null } } },
            CounterMessage.Of(counter, CounterChanged.Type, 1, null),
            CounterMessage.Of(counter, CounterArchived.Type, 1, "{}"),
            CounterMessage.Changed(counter, 1));

        await service.HandledAsync(counter, 1);
        metrics.Sum("forgeshop.messaging.skipped", ("messaging.destination.name", Topic)).ShouldBe(5);
        (await KafkaLog.ReadAsync(kafka, DeadLetterTopic)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("2036-11-21T10:00:00+02:00", "2036-11-21T08:00:00Z")]
    [InlineData("2036-11-21T08:00:00Z", "2036-11-21T08:00:00Z")]
    [InlineData("2036-11-21T08:00:00.1234567-05:30", "2036-11-21T13:30:00.1234560Z")]
    [InlineData("2036-11-21T08:00:00", "2036-11-21T08:00:00Z")]
    public async Task Time_in_the_data_is_stored_as_the_same_instant(string written, string stored)
    {
        await using var service = await StartAsync(Kafka);
        var counter = Guid.NewGuid();

        await KafkaLog.ProduceAsync(Kafka, Topic, CounterMessage.Of(
            counter, CounterChanged.Type, 1, $$"""{"counterId":"{{counter}}","value":1,"note":"","at":"{{written}}"}"""));

        await service.HandledAsync(counter, 1);
        var at = await service.InScopeAsync(
            db => db.Effects.Where(effect => effect.CounterId == counter).Select(effect => effect.At).SingleAsync(Cancelled));
        at.ShouldBe(DateTimeOffset.Parse(stored, CultureInfo.InvariantCulture));
    }

    private static Message<byte[]?, byte[]?> With(Message<byte[]?, byte[]?> message, string what, string? value)
    {
        if (what != "value")
            return (what == "tracestate" ? message.With("traceparent", TraceParent) : message).With(what, value);
        message.Value = value is null ? null : System.Text.Encoding.UTF8.GetBytes(value);
        return message;
    }
}
