using System.Collections.Concurrent;
using System.Diagnostics;
using ForgeShop.Contracts;

namespace ForgeShop.Messaging.Tests;

public sealed class TracingTests(Servers servers, Broker broker) : SharedKafkaTest(servers, broker)
{
    [Fact]
    public async Task Trace_continues_from_the_request_to_the_last_consumer()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MessagingTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var first = await StartAsync(Kafka);
        await using var last = await StartAsync(Kafka);
        var (counter, correlation) = (Guid.NewGuid(), new ForgeIds().Correlation("test", "count", "1"));
        first.Script.After = (db, context) =>
        {
            if (context.Subject == counter)
                db.Emit(db.Counters.Local.FirstOrDefault() ?? db.Add(new Counter { Id = counter, LastSequence = 1 }).Entity,
                    new CounterLabelled(counter, "x"), context.Origin);
            return Task.CompletedTask;
        };

        await using var producer = await StartAsync(Kafka, consumes: false);
        using var request = new Activity("POST /count").SetIdFormat(ActivityIdFormat.W3C)
            .SetBaggage(CorrelationNames.Baggage, correlation.ToString()).Start();
        request.TraceStateString = "vendor=value";
        await producer.CountAsync(counter);
        request.Stop();

        await last.HandledAsync(counter, 2);
        var context = last.Script.Batches.SelectMany(call => call).Single(received => received.Context.Subject == counter).Context;
        context.Cause.CausationId.ShouldBe(new ForgeIds().Event(counter, CounterChanged.Type, 1));
        context.Cause.CorrelationId.ShouldBe(correlation);
        context.Source.ShouldBe("/" + first.Name);

        // From the last span to the request.
        var path = new List<Activity>();
        await EventuallyAsync("all spans have ended", () => Span("process", last.Name, context.Id) is not null
            && Span("publish", null, context.Id) is not null);
        for (var span = Span("process", last.Name, context.Id); span is not null; span = spans.FirstOrDefault(other =>
            other.SpanId == span.ParentSpanId))
            path.Insert(0, span);
        path.Select(span => span.OperationName)
            .ShouldBe(["publish counter.events", "process counter.events", "publish counter.events", "process counter.events"]);
        path[0].ParentSpanId.ShouldBe(request.SpanId);
        foreach (var span in path)
        {
            span.TraceId.ShouldBe(request.TraceId);
            span.TraceStateString.ShouldBe("vendor=value");
            span.GetTagItem("messaging.system").ShouldBe("kafka");
            span.GetTagItem("messaging.destination.name").ShouldBe(Topic);
            span.GetTagItem(CorrelationNames.SpanAttribute).ShouldBe(correlation.ToString());
        }
        path.Select(span => span.Kind)
            .ShouldBe([ActivityKind.Producer, ActivityKind.Consumer, ActivityKind.Producer, ActivityKind.Consumer]);
        spans.ShouldContain(span => span.OperationName == $"handle batch of {last.Name}"
            && span.Links.Any(link => link.Context.TraceId == request.TraceId));

        Activity? Span(string operation, string? group, EventId id) =>
            spans.FirstOrDefault(span => span.OperationName == $"{operation} {Topic}"
            && (string?)span.GetTagItem("messaging.consumer.group.name") == group
                && (string?)span.GetTagItem("messaging.message.id") == id.ToString());
    }
}
