using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace ForgeShop.Services.Tests;

/// <summary>A refusal by the gateway, the proxy or a service is a problem with a code and its headers.</summary>
public sealed class GatewayProblemTests(GatewayFixture shop) : IClassFixture<GatewayFixture>
{
    private static readonly MediaTypeHeaderValue JsonType = new("application/json");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/")]
    [InlineData("/api/v1/nothing")]
    [InlineData("/internal/audit")]
    [InlineData("/INTERNAL/audit")]
    public async Task Path_without_a_public_route_returns_404(string path)
    {
        var before = shop.Arrivals.Count;
        var answer = await shop.Http.Get(path);
        answer.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        ShouldHaveTraceHeaders(answer);
        shop.Arrivals.Count.ShouldBe(before);
    }

    // Byte for byte, because HttpClient normalizes the path.
    [Theory]
    [InlineData("/api/v1/orders/../../../internal/audit")]
    [InlineData("/api/v1/orders/%2e%2e/%2e%2e/%2E%2E/internal/audit")]
    [InlineData("//internal/audit")]
    [InlineData("/api/v1/orders/../../..//internal/audit")]
    public async Task Path_tricks_do_not_reach_internal_endpoints(string path)
    {
        var before = shop.Arrivals.Count;
        using var connection = new TcpClient(shop.Gateway.Address.Host, shop.Gateway.Address.Port);
        var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"), Cancellation);
        var answer = await new StreamReader(stream).ReadToEndAsync(Cancellation);
        answer.ShouldStartWith("HTTP/1.1 404");
        answer.ShouldContain("\"code\":\"not-found\"");
        shop.Arrivals.Count.ShouldBe(before);
    }

    [Fact]
    public async Task Other_method_returns_405_with_Allow()
    {
        var answer = await shop.Http.Send(HttpMethod.Delete, "/api/v1/orders", null);
        answer.ShouldBeProblem(HttpStatusCode.MethodNotAllowed, "method-not-allowed");
        answer.Message.Content.Headers.Allow.ShouldBe(["GET", "POST", "HEAD", "OPTIONS"], ignoreOrder: true);
        ShouldHaveTraceHeaders(answer);
    }

    [Theory]
    [InlineData(65_537, false)]
    [InlineData(65_537, true)]
    [InlineData(8_000_000, false)]
    [InlineData(8_000_000, true)]
    public async Task Body_over_64_KiB_returns_413_and_is_not_forwarded(int size, bool chunked)
    {
        var before = shop.Arrivals.Count;
        var answer = await shop.Http.Send(HttpMethod.Post, "/api/v1/orders", Json(new string(' ', size), chunked));
        answer.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "body-too-large");
        ShouldHaveTraceHeaders(answer);
        shop.Arrivals.Count.ShouldBe(before);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_of_64_KiB_is_forwarded(bool chunked)
    {
        var text = """{"sku":"MUG-FORGE","quantity":2}""".PadRight(65_536);
        (await shop.Http.Send(HttpMethod.Post, "/api/v1/orders", Json(text, chunked))).ShouldBe(HttpStatusCode.OK);
        shop.Arrivals.ShouldContain(arrival => arrival.Body == text);
    }

    [Fact]
    public async Task Body_in_chunks_that_does_not_arrive_in_time_returns_408()
    {
        await using var gateway = await shop.StartGateway(("Requests:MaxBodyTime", "00:00:01"));
        using var connection = new TcpClient(gateway.Address.Host, gateway.Address.Port);
        var stream = connection.GetStream();
        // At 240 bytes a second Kestrel itself would wait for a minute.
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"PUT /api/v1/products/A HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n{new string('x', 15_000)}"),
            Cancellation);
        (await new StreamReader(stream).ReadLineAsync(Cancellation)).ShouldBe("HTTP/1.1 408 Request Timeout");
    }

    [Fact]
    public async Task Problem_states_its_length_to_HTTP_1_0()
    {
        using var connection = new TcpClient(shop.Http.BaseAddress!.Host, shop.Http.BaseAddress.Port);
        await using var stream = connection.GetStream();
        // No chunk follows, so Kestrel waits for one after its answer, and then resets the connection.
        await stream.WriteAsync(
            "GET /api/v1/products HTTP/1.0\r\nAuthorization: x\r\nAuthorization: y\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(),
            Cancellation);
        var answer = new StreamReader(stream);
        (await answer.ReadLineAsync(Cancellation)).ShouldBe("HTTP/1.1 400 Bad Request");
        while (await answer.ReadLineAsync(Cancellation) is { Length: > 0 } header)
        {
            if (header.Split(": ") is ["Content-Length", var length])
            {
                int.Parse(length, CultureInfo.InvariantCulture).ShouldBeGreaterThan(100);
                return;
            }
        }
        Assert.Fail("there is no Content-Length");
    }

    [Theory]
    [InlineData("{\"sku\":", "malformed-json")]
    [InlineData("not json", "malformed-json")]
    [InlineData("", "validation-failed", "body")]
    [InlineData("null", "validation-failed", "body")]
    [InlineData("[]", "validation-failed", "body")]
    [InlineData("{\"sku\":\"A\",\"quantity\":\"2\"}", "validation-failed", "quantity")]
    [InlineData("{\"sku\":\"A\",\"quantity\":1e99}", "validation-failed", "quantity")]
    [InlineData("{\"sku\":\"A\",\"sku\":\"B\",\"quantity\":2}", "validation-failed", "sku")]
    public async Task Malformed_body_returns_400_with_the_position(string body, string code, string? field = null)
    {
        var answer = await shop.Http.Send(HttpMethod.Post, "/api/v1/orders", Json(body, chunked: false));
        answer.ShouldBeProblem(HttpStatusCode.BadRequest, code);
        if (field is not null)
            answer.Fields.ShouldBe([field]);
        ShouldHaveTraceHeaders(answer);
    }

    [Fact]
    public async Task Unknown_member_returns_400_and_is_named()
    {
        var answer = await shop.Http.Send(
            HttpMethod.Post, "/api/v1/orders", Json("""{"sku":"A","quantity":2,"colour":"blue"}""", chunked: false));
        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(["colour"]);
    }

    [Fact]
    public async Task Body_of_another_type_returns_415()
    {
        var answer = await shop.Http.Send(
            HttpMethod.Post, "/api/v1/orders", new StringContent("sku=A", Encoding.UTF8, "application/x-www-form-urlencoded"));
        answer.ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
    }

    [Theory]
    [InlineData("application/json; charset=utf-16", "{}", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=klingon", "{}", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=\"UTF-8\"", "{\"sku\":\"A\",\"quantity\":2}", HttpStatusCode.OK)]
    [InlineData("application/json", "{\"sku\":\"\u00ff\",\"quantity\":2}", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{\"sku\":\"\\ud800\",\"quantity\":2}", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{\"sku\":\"A\",\"quantity\":2}{}", HttpStatusCode.BadRequest)]
    public async Task Body_in_another_encoding_than_UTF8_is_refused(string contentType, string latin1, HttpStatusCode status)
    {
        var body = new ByteArrayContent(Encoding.Latin1.GetBytes(latin1));
        body.Headers.TryAddWithoutValidation("Content-Type", contentType);
        var answer = await shop.Http.Send(HttpMethod.Post, "/api/v1/orders", body);
        answer.ShouldBe(status);
        if (status != HttpStatusCode.OK)
            answer.ShouldBeProblem(status, answer.Code);
    }

    [Fact]
    public async Task Malformed_ID_returns_400_that_does_not_repeat_it()
    {
        var answer = await shop.Http.Get("/api/v1/users/someone%40example.com");
        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(["id"]);
        answer.Body.ToString().ShouldNotContain("someone");
    }

    [Fact]
    public async Task Unexpected_exception_returns_500_without_details()
    {
        var answer = await shop.Http.Get("/api/v1/products/MUG-FORGE");
        answer.ShouldBeProblem(HttpStatusCode.InternalServerError, "internal-error");
        answer.Body.ToString().ShouldNotContain("secret");
        answer.Body.ToString().ShouldNotContain("Exception");
        ShouldHaveTraceHeaders(answer);
    }

    [Fact]
    public async Task Client_that_accepts_html_gets_a_problem()
    {
        var answer = await shop.Http.Send(HttpMethod.Get, "/api/v1/nothing", null, ("Accept", "text/html"));
        answer.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task Service_that_is_down_returns_502()
    {
        await using var gateway = await shop.StartGateway(("services:inventory:http:0", "http://127.0.0.1:1"));
        var answer = await gateway.Http.Get("/api/v1/products/MUG-FORGE");
        answer.ShouldBeProblem(HttpStatusCode.BadGateway, "service-unreachable");
        answer.Message.Headers.RetryAfter.ShouldNotBeNull();
        ShouldHaveTraceHeaders(answer);
        // Other services are not affected, and the gateway stays ready.
        (await gateway.Http.GetAsync("/api/v1/orders/quick", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await gateway.Http.Get("/health")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Streamed_answer_is_forwarded_without_buffering()
    {
        using var answer = await shop.Http.GetAsync("/api/v1/orders/slow", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancellation));
        (await reader.ReadLineAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancellation)).ShouldBe("data: slow");
        shop.Stream.SetResult();
        (await reader.ReadToEndAsync(Cancellation)).ShouldContain("data: end");
    }

    private static StringContent Json(string text, bool chunked) => chunked ? new Chunked(text) : new StringContent(text, JsonType);

    private static void ShouldHaveTraceHeaders(Answer answer)
    {
        var traceId = answer.Message.Headers.GetValues("X-Trace-Id").Single();
        answer.Message.Headers.GetValues("traceparent").Single().ShouldStartWith($"00-{traceId}-");
        answer.Message.Headers.GetValues("X-Correlation-Id").Single().Length.ShouldBe(36);
        answer.Text("traceId").ShouldBe(traceId);
    }

    /// <summary>A body of unknown length.</summary>
    private sealed class Chunked(string text) : StringContent(text, JsonType)
    {
        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
