using System.Diagnostics;
using System.Net;
using ForgeShop.Contracts;

namespace ForgeShop.Services.Tests;

/// <summary>Trace and correlation ID begin at the gateway and reach the service; neither contains personal data.</summary>
public sealed class GatewayTraceTests(GatewayFixture shop) : IClassFixture<GatewayFixture>
{
    private const string Order = """{"sku":"MUG-FORGE","quantity":2}""";

    [Fact]
    public async Task Repeated_request_has_the_same_correlation_ID_at_the_service()
    {
        var key = $"cart-{Guid.NewGuid():N}";
        var expected = new ForgeIds().Correlation(TestTokens.Administrator.ToString(), "POST /api/v1/orders", key).ToString();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var answer = await shop.Http.SendJson(HttpMethod.Post, "/api/v1/orders", Order, ("Idempotency-Key", key));
            answer.ShouldBe(HttpStatusCode.OK);
            Header(answer, "X-Correlation-Id").ShouldBe(expected);
            ArrivalOf(answer).Baggage!.Replace(" ", "").ShouldBe($"correlation={expected}");
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1025)]
    public async Task Request_without_a_valid_key_derives_its_correlation_ID_from_the_trace(int count, int length)
    {
        var keys = Enumerable.Range(0, count).Select(_ => ("Idempotency-Key", new string('k', length))).ToArray();
        var answer = await shop.Http.SendJson(HttpMethod.Post, "/api/v1/orders", Order, keys);
        var expected = new ForgeIds().Correlation(TestTokens.Administrator.ToString(), "POST /api/v1/orders", Header(answer, "X-Trace-Id"));
        Header(answer, "X-Correlation-Id").ShouldBe(expected.ToString());
    }

    [Fact]
    public async Task Trace_context_of_a_caller_is_linked_and_not_continued()
    {
        using var spans = new Spans("Microsoft.AspNetCore", "System.Net.Http");
        const string caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        var answer = await shop.Http.SendJson(HttpMethod.Post, "/api/v1/orders", Order,
            ("traceparent", caller), ("tracestate", "vendor=1"),
            ("baggage", "correlation=6e16f6c3-de6b-55c3-80ba-75907720bb8a,smuggled=1"));

        var traceId = Header(answer, "X-Trace-Id");
        traceId.ShouldNotBe("0af7651916cd43dd8448eb211c80319c");
        var arrival = ArrivalOf(answer);
        arrival.Baggage!.ShouldNotContain("smuggled");
        arrival.Baggage!.ShouldNotContain("6e16f6c3");
        arrival.TraceState.ShouldBeNullOrEmpty();

        var root = (await SpansOf(spans, traceId, 3)).Single(span => span.ParentSpanId == default);
        root.Links.Single().Context.TraceId.ToHexString().ShouldBe("0af7651916cd43dd8448eb211c80319c");
    }

    [Fact]
    public async Task Trace_continues_from_the_gateway_to_the_service_with_the_routes_name()
    {
        using var spans = new Spans("Microsoft.AspNetCore", "System.Net.Http");
        var answer = await shop.Http.Get("/api/v1/users/6e16f6c3-de6b-55c3-80ba-75907720bb8a?email=ada%40example.com");
        var trace = await SpansOf(spans, Header(answer, "X-Trace-Id"), 3);

        var gateway = trace.Single(span => span.Kind == ActivityKind.Server && span.ParentSpanId == default);
        var call = trace.Single(span => span.Kind == ActivityKind.Client);
        var service = trace.Single(span => span.Kind == ActivityKind.Server && span.ParentSpanId == call.SpanId);
        call.ParentSpanId.ShouldBe(gateway.SpanId);
        gateway.DisplayName.ShouldBe("GET /api/v1/users/{id}");
        service.DisplayName.ShouldBe("GET /api/v1/users/{id}");
        Header(answer, "traceparent").ShouldBe(gateway.Id);

        gateway.GetTagItem("http.route").ShouldBe("/api/v1/users/{id}");
        gateway.GetTagItem("http.response.status_code").ShouldBe(200);
        foreach (var span in trace)
        {
            span.TagObjects.ShouldContain(
                tag => tag.Key == "forgeshop.correlation_id" && (string)tag.Value! == Header(answer, "X-Correlation-Id"));
            span.TagObjects.ShouldNotContain(tag => tag.Value!.ToString()!.Contains("ada"), $"{span.DisplayName} tells an e-mail address");
        }
    }

    private GatewayFixture.Arrival ArrivalOf(Answer answer) =>
        shop.Arrivals.Single(arrival => arrival.TraceParent!.Contains(Header(answer, "X-Trace-Id")));

    /// <summary>A span ends after its answer was sent.</summary>
    private static Task<IReadOnlyList<Activity>> SpansOf(Spans spans, string traceId, int count) =>
        TestSupport.Eventually.Get(
            "the spans of the trace", _ =>
                Task.FromResult(spans.Of(traceId)), found =>
                found.Count >= count, cancellationToken: TestContext.Current.CancellationToken);

    private static string Header(Answer answer, string name) => answer.Message.Headers.GetValues(name).Single();
}
