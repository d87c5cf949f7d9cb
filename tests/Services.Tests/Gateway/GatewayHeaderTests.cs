using System.IO.Compression;
using System.Net;
using System.Text;
using ForgeShop.Contracts;
using ForgeShop.Gateway;

namespace ForgeShop.Services.Tests;

/// <summary>Headers of any client, through the gateway and directly to the service that has the rule.</summary>
public sealed class GatewayHeaderTests(ServersFixture servers, GatewayFixture shop) : IClassFixture<GatewayFixture>
{
    private readonly UserId _user = servers.Ids.User($"headers-{Guid.NewGuid():N}@example.com");

    private Uri Address(bool throughGateway) => throughGateway ? servers.Gateway.Address : servers.Orders.Address;

    private Task<string> Token() => servers.Users.Tokens!.OfCustomer(_user);

    private async Task<string> PlaceOrder(bool throughGateway, string headers, string contentType = "Content-Type: application/json")
    {
        var request = $"POST /api/v1/orders HTTP/1.1\nAuthorization: Bearer {await Token()}\n{contentType}\n{headers}";
        return await Address(throughGateway).SendRaw(request, """{"items":[{"sku":"MUG-FORGE","quantity":1}]}""");
    }

    [Theory]
    [InlineData("Idempotency-Key", "Idempotency-Key: k2\nIdempotency-Key: k2")]
    [InlineData("Idempotency-Key", "Idempotency-Key: k2, k2")]
    [InlineData("Idempotency-Key", "Idempotency-Key: k2\nidempotency-key: k2\nIDEMPOTENCY-KEY: k2")]
    [InlineData("Idempotency-Key", "Idempotency-Key: \"k2\", \"k2\"")]
    [InlineData("Content-Type", "Content-Type: application/json\nIdempotency-Key: k2")]
    [InlineData("If-Match", "If-Match: \"a\"\nIf-Match: \"b\"\nIdempotency-Key: k2")]
    [InlineData("If-Match", "If-Match: \"a\", \"b\"\nIdempotency-Key: k2")]
    [InlineData("Last-Event-ID", "Last-Event-ID: 1\nLast-Event-ID: 2\nIdempotency-Key: k2")]
    [InlineData("Authorization", "Authorization: Bearer another\nIdempotency-Key: k2")]
    public async Task Repeated_or_joined_singleton_returns_400_and_no_order(string name, string headers)
    {
        foreach (var throughGateway in new[] { true, false })
        {
            var answer = await PlaceOrder(throughGateway, headers);

            answer.ShouldStartWith("HTTP/1.1 400 ");
            answer.ShouldContain("\"code\":\"validation-failed\"");
            answer.ShouldContain($"\"errors\":{{\"{name}\":[");
        }

        (await servers.Orders.Database.Scalar<long>("select count(*) from orders where user_id = $1", _user.Value)).ShouldBe(0);
    }

    [Theory]
    [InlineData("abc", "\"abc\"")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\" \\ now", "\"say \\\"hi\\\" \\\\ now\"")]
    public async Task Quoted_key_is_the_key_without_the_quotes(string key, string quoted)
    {
        var answer = await PlaceOrder(throughGateway: true, $"Idempotency-Key: {quoted}");
        answer.ShouldStartWith("HTTP/1.1 202 ");
        answer.ShouldContain($"\"id\":\"{servers.Ids.Order(_user, key)}\"");

        if (!key.Contains(','))
            (await PlaceOrder(throughGateway: true, $"Idempotency-Key: {key}"))
                .ShouldContain($"\"id\":\"{servers.Ids.Order(_user, key)}\"");
        (await servers.Orders.Database.Scalar<long>("select count(*) from orders where user_id = $1", _user.Value)).ShouldBe(1);
    }

    [Theory]
    [InlineData("\"abc")]
    [InlineData("\"abc\"d")]
    [InlineData("\"a\\bc\"")]
    [InlineData("\"")]
    [InlineData("\"\"")]
    [InlineData("caf\u00e9")] // Latin-1, and no UTF-8
    public async Task Malformed_key_returns_400(string key)
    {
        foreach (var throughGateway in new[] { true, false })
        {
            var answer = await PlaceOrder(throughGateway, $"Idempotency-Key: {key}");
            answer.ShouldStartWith("HTTP/1.1 400 ");
            answer.ShouldContain("\"errors\":{\"Idempotency-Key\":[");
        }
    }

    [Fact]
    public async Task Key_beyond_ASCII_is_the_UTF8_text_that_the_client_derived_from()
    {
        var answer = await PlaceOrder(throughGateway: true, $"Idempotency-Key: {Encoding.Latin1.GetString("Zoë-1"u8)}");

        answer.ShouldStartWith("HTTP/1.1 202 ");
        answer.ShouldContain($"\"id\":\"{servers.Ids.Order(_user, "Zoë-1")}\"");
    }

    [Theory]
    [InlineData("Zo\u00c3\u00ab")] // UTF-8
    [InlineData("Zo\u00eb")] // Latin-1
    [InlineData("\u0080\u00ff")]
    public async Task Bytes_beyond_ASCII_pass_the_gateway_unchanged_in_both_directions(string value)
    {
        var token = await servers.Users.Tokens!.OfAdministrator();
        var answer = await shop.Gateway.Address.SendRaw(
            $"GET /api/v1/reports/products HTTP/1.1\nAuthorization: Bearer {token}\nX-Customer: {value}");

        answer.ShouldStartWith("HTTP/1.1 200 ");
        answer.ShouldContain($"\r\nX-Customer: {value}\r\n");
        // Directly to a service, and to every route.
        (await servers.Inventory.Address.SendRaw($"GET /api/v1/products HTTP/1.1\nX-Customer: {value}")).ShouldStartWith("HTTP/1.1 200 ");
        (await servers.Gateway.Address.SendRaw($"GET /api/v1/products HTTP/1.1\nX-Customer: {value}")).ShouldStartWith("HTTP/1.1 200 ");
        (await servers.Gateway.Address.SendRaw($"GET /api/v1/nothing HTTP/1.1\nUser-Agent: {value}"))
            .ShouldContain("\"code\":\"not-found\"");
    }

    [Fact]
    public async Task Condition_on_an_answer_without_ETag_returns_412()
    {
        var token = await servers.Users.Tokens!.OfAdministrator();
        var answer = await shop.Gateway.Address.SendRaw(
            $"GET /api/v1/products/PLAIN/recommendations HTTP/1.1\nAuthorization: Bearer {token}\nIf-Match: \"none\"");

        answer.ShouldStartWith("HTTP/1.1 412 ");
        answer.ShouldContain("\"code\":\"precondition-failed\"");
    }

    [Theory]
    [InlineData("9007199254740993")] // more bits than Kestrel counts
    [InlineData("x")]
    public async Task Malformed_chunk_size_returns_400_and_closes(string size)
    {
        // What follows is read as the chunk.
        var request = $"POST /api/v1/orders HTTP/1.1\nHost: shop\nTransfer-Encoding: chunked\n\n{size}\n";
        foreach (var address in new[] { servers.Gateway.Address, servers.Orders.Address })
        {
            var answer = await address.SendRaw(request);
            answer.ShouldStartWith("HTTP/1.1 400 ");
            answer.ShouldContain("Connection: close");
        }
    }

    [Fact]
    public async Task Hop_by_hop_and_identity_headers_end_at_the_gateway()
    {
        string[] stripped =
        [
            "Keep-Alive: timeout=5", "TE: trailers", "Proxy-Authorization: Basic eA==", "Forwarded: for=203.0.113.7",
            "X-Real-IP: 203.0.113.7", "X-Original-For: 203.0.113.7", "X-Forwarded-Prefix: /evil",
        ];
        var token = await servers.Users.Tokens!.OfAdministrator();

        var answer = await shop.Gateway.Address.SendRaw(
            $"GET /api/v1/reports/products HTTP/1.1\nAuthorization: Bearer {token}\nX-Kept: 1\nX-Forwarded-Host: evil.example\n"
            + string.Join('\n', stripped));

        answer.ShouldStartWith("HTTP/1.1 200 ");
        answer.ShouldContain("\"X-Kept\":\"1\"");
        foreach (var header in stripped)
            answer.ShouldNotContain($"\"{header.Split(':')[0]}\"", Case.Insensitive);
        answer.ShouldNotContain("evil");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("identity, gzip")]
    public async Task Encoded_body_returns_415_and_the_codings_that_are_accepted(string coding)
    {
        foreach (var http in new[] { servers.Gateway.As(_user), servers.Orders.As(_user) })
        {
            using var zipped = new MemoryStream();
            await using (var gzip = new GZipStream(zipped, CompressionMode.Compress, leaveOpen: true))
                gzip.Write("""{"items":[{"sku":"MUG-FORGE","quantity":1}]}"""u8);
            using var body = new ByteArrayContent(zipped.ToArray());
            body.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            body.Headers.TryAddWithoutValidation("Content-Encoding", coding);

            var answer = await http.Send(HttpMethod.Post, "/api/v1/orders", body, ("Idempotency-Key", "zipped"));

            answer.ShouldBeProblem(HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
            answer.Message.Headers.GetValues("Accept-Encoding").ShouldBe(["identity"]);
        }
    }

    public static TheoryData<string> PublicGets => [.. PublicRoutes.Routes.Where(route => route.Match.Methods!.Contains("GET"))
        .Select(route => route.Match.Path!), "/api/v1/ids", "/api/v1/ids/{type}"];

    [Theory]
    [MemberData(nameof(PublicGets))]
    public async Task HEAD_and_OPTIONS_work_wherever_GET_does(string route)
    {
        // Without a service behind them these return an error; HEAD and GET have the same head.
        var path = route.Replace("{sku}", "MUG-FORGE").Replace("{type}", "products?sku=MUG-FORGE")
            .Replace("{id}", servers.Ids.Order(_user, "none").ToString());
        var http = servers.Gateway.As(_user);

        var get = await http.Get(path);
        var head = await http.Send(HttpMethod.Head, path, null);
        head.Status.ShouldBe(get.Status);
        head.Message.Content.Headers.ContentType.ShouldBe(get.Message.Content.Headers.ContentType);
        head.Message.Headers.ETag.ShouldBe(get.Message.Headers.ETag);
        (await head.Message.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();

        var options = await http.Send(HttpMethod.Options, path, null);
        options.Status.ShouldBe(HttpStatusCode.NoContent);
        options.Message.Content.Headers.Allow.ShouldContain("GET");
        options.Message.Content.Headers.Allow.ShouldContain("HEAD");
    }

    [Theory]
    [InlineData("/api/v1/ids/orders?user=6e16f6c3-de6b-55c3-80ba-75907720bb8a&reference=caf%E9", "reference")]
    [InlineData("/api/v1/ids/orders?user=6e16f6c3-de6b-55c3-80ba-75907720bb8a&reference=%", "reference")]
    [InlineData("/api/v1/ids/orders?user=6e16f6c3-de6b-55c3-80ba-75907720bb8a&reference=%zz", "reference")]
    [InlineData("/api/v1/ids/orders?user=6e16f6c3-de6b-55c3-80ba-75907720bb8a&reference=%ED%A0%80", "reference")] // half a surrogate pair
    [InlineData("/api/v1/ids/orders?user=6e16f6c3-de6b-55c3-80ba-75907720bb8a&reference=%C0%AF", "reference")] // overlong
    [InlineData("/api/v1/products?search=caf%E9", "search")]
    [InlineData("/api/v1/products?caf%E9=1", "query")]
    public async Task Query_that_is_not_UTF8_returns_400(string path, string field)
    {
        // Byte for byte, because the URI class repairs some of these.
        var answer = await servers.Gateway.Address.SendRaw($"GET {path} HTTP/1.1");
        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain($"\"errors\":{{\"{field}\":[");
        if (path.Contains("products", StringComparison.Ordinal))
            (await servers.Inventory.Address.SendRaw($"GET {path} HTTP/1.1")).ShouldContain($"\"errors\":{{\"{field}\":[");
    }

    [Fact]
    public async Task Query_in_UTF8_is_its_text()
    {
        var answer = await servers.Gateway.Anonymous.Get($"/api/v1/ids/orders?user={_user}&reference=caf%C3%A9+%25E9");

        answer.Text("id").ShouldBe(servers.Ids.Order(_user, "café %E9").ToString());
    }

    [Fact]
    public async Task Bytes_that_no_URL_has_are_refused_by_Kestrel() =>
        // Before the pipeline: Kestrel answers without a body (docs/http-api.md).
        (await servers.Gateway.Address.SendRaw("GET /api/v1/products?search=caf\u00e9 HTTP/1.1")).ShouldStartWith("HTTP/1.1 400 ");
}
