using System.Collections.Concurrent;
using System.Diagnostics;
using ForgeShop.Contracts;

namespace ForgeShop.Messaging.Tests;

public sealed class TracingTests(Servers servers)
{
    [Fact]
    public async Task One_trace_spans_the_request_the_publishing_and_every_consumer_and_carries_the_correlation()
    {
        var activities = new ConcurrentQueue<Activity>();
        using var requests = new ActivitySource("Test.Requests");
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is MessagingTelemetry.ActivitySourceName or "Test.Requests",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var producer = await StartAsync(consumes: false);
        await using var first = await StartAsync(consumes: true);
        await using var second = await StartAsync(consumes: true);
        var (counter, correlation) = (Guid.NewGuid(), new ForgeIds().Correlation("test", "count", "1"));
        var seen = new ConcurrentQueue<(string? Correlation, EventContext Context)>();
        first.Faults.BeforeHandling = (_, context) =>
        {
            if (context.Subject == counter)
                seen.Enqueue((Activity.Current?.GetBaggageItem("correlation"), context));
            return Task.CompletedTask;
        };

        ActivityTraceId trace;
        using (var request = requests.StartActivity("POST /count"))
        {
            request!.SetBaggage("correlation", correlation.ToString());
            request.TraceStateString = "vendor=value";
            trace = request.TraceId;
            await producer.CountAsync(counter, 1);
        }
        await first.HandledAsync(counter, 1);
        await second.HandledAsync(counter, 1);
        // Spans end a moment after the effect is committed. Other tests' services read the same topic in this process, and Kafka may deliver
        // again what it delivered: the first span of each of our two consumers is looked at.
        await TestSupport.Eventually.Get(
            "all spans ended",
            _ => Task.FromResult(string.Join(", ", Ended().Select(span => $"{span.OperationName} {span.GetTagItem("messaging.consumer.group.name")}"))),
            _ => Processes().Count == 2 && Ended().Exists(span => span.OperationName == "publish counter.events"),
            cancellationToken: TestContext.Current.CancellationToken);
        var spans = Ended();
        var root = spans.Single(span => span.OperationName == "POST /count");
        var publish = spans.First(span => span.OperationName == "publish counter.events");
        var processes = Processes();
        publish.ParentSpanId.ShouldBe(root.SpanId);
        publish.Kind.ShouldBe(ActivityKind.Producer);
        processes.ShouldAllBe(process => process.ParentSpanId == publish.SpanId && process.Kind == ActivityKind.Consumer && process.TraceStateString == "vendor=value");
        foreach (var span in processes.Append(publish))
        {
            span.GetTagItem("messaging.system").ShouldBe("kafka");
            span.GetTagItem("messaging.destination.name").ShouldBe("counter.events");
            span.GetTagItem("messaging.message.id").ShouldBe(new ForgeIds().Event(counter, "counter.changed", 1).ToString());
            span.GetTagItem("forgeshop.correlation_id").ShouldBe(correlation.ToString());
        }
        var (baggage, context) = seen.Single();
        baggage.ShouldBe(correlation.ToString());
        context.CorrelationId.ShouldBe(correlation);
        context.CausationId.ShouldBeNull();

        List<Activity> Ended() => [.. activities.Where(activity => activity.TraceId == trace)];

        List<Activity> Processes() =>
        [
            .. Ended().Where(span => span.OperationName == "process counter.events").DistinctBy(span => span.GetTagItem("messaging.consumer.group.name"))
                .Where(span => span.GetTagItem("messaging.consumer.group.name") is string group && (group == first.Name || group == second.Name)),
        ];
    }

    [Fact]
    public async Task What_a_handler_announces_names_its_cause_and_keeps_trace_and_correlation_although_nobody_traces()
    {
        await using var service = await StartAsync(consumes: true);
        var (cause, effect) = (Guid.NewGuid(), Guid.NewGuid());
        service.Faults.BeforeHandling = async (@event, _) =>
        {
            if (@event.CounterId == cause)
                await service.CountAsync(effect, 1);
        };

        var correlation = new ForgeIds().Correlation("test", "count", "2");
        using (var request = new Activity("POST /count").SetIdFormat(ActivityIdFormat.W3C).SetBaggage("correlation", correlation.ToString()).Start())
            await service.CountAsync(cause, 1);
        await service.HandledAsync(effect, 1);

        var (first, second) = ((await service.OutboxAsync(cause)).Single(), (await service.OutboxAsync(effect)).Single());
        second.CausationId.ShouldBe(first.Id);
        first.CorrelationId.ShouldBe(correlation);
        second.CorrelationId.ShouldBe(correlation);
        ActivityContext.Parse(second.TraceParent!, null).TraceId.ShouldBe(ActivityContext.Parse(first.TraceParent!, null).TraceId);
    }

    private async Task<EntityFrameworkCounters> StartAsync(bool consumes)
    {
        var service = new EntityFrameworkCounters
        {
            Name = $"counters-{Guid.NewGuid():N}", Database = await servers.CreateDatabaseAsync(), Kafka = servers.Kafka.BootstrapServers, Consumes = consumes,
        };
        await service.StartAsync();
        return service;
    }
}
