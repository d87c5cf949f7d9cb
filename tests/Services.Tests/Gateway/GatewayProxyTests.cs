using System.Net;
using Microsoft.Extensions.Options;

namespace ForgeShop.Services.Tests;

/// <summary>The address of a client: that of its connection, unless a trusted proxy forwards another.</summary>
public sealed class GatewayProxyTests(GatewayFixture shop) : IClassFixture<GatewayFixture>
{
    private const string Setting = "Gateway:TrustedProxies";

    /// <summary>Returns the forwarded address and scheme of a request from 127.0.0.1.</summary>
    private async Task<(string? For, string? Proto)> Told(HttpClient http, string forwardedFor)
    {
        var path = $"/api/v1/users/{Guid.NewGuid()}";
        (await http.Send(HttpMethod.Get, path, null, ("X-Forwarded-For", forwardedFor), ("X-Forwarded-Proto", "https")))
            .ShouldBe(HttpStatusCode.OK);
        var arrival = shop.Arrivals.Single(arrival => arrival.PathAndQuery == path);
        return (arrival.ForwardedFor, arrival.ForwardedProto);
    }

    [Fact]
    public async Task Forwarded_address_of_a_trusted_proxy_is_used_and_the_clients_own_is_not()
    {
        await using var gateway = await shop.StartGateway((Setting, "10.0.0.0/8, 127.0.0.0/8, 2001:db8::/32"));

        (await Told(gateway.Http, "203.0.113.7")).For.ShouldBe("203.0.113.7");
        (await Told(gateway.Http, "198.51.100.1, 203.0.113.7")).For.ShouldBe("203.0.113.7");
        (await Told(gateway.Http, "203.0.113.7, 10.1.2.3, 127.0.0.9")).For.ShouldBe("203.0.113.7", "through several proxies");
        (await Told(gateway.Http, "2001:db9::7, 2001:db8::1")).For.ShouldBe("2001:db9::7");
        (await Told(gateway.Http, "203.0.113.7, https")).For.ShouldBe("127.0.0.1", "no address");
        (await Told(gateway.Http, "203.0.113.7")).Proto.ShouldBe("https");
    }

    [Fact]
    public async Task Client_of_a_trusted_proxy_has_its_own_limit()
    {
        await using var gateway = await shop.StartGateway((Setting + ":0", "127.0.0.1/32"), ("RateLimits:PerAddress", "2"));
        Task<Answer> Ask(string client) => gateway.Http.Send(HttpMethod.Get, "/api/v1/ids", null, ("X-Forwarded-For", client));
        for (var request = 0; request < 2; request++)
            (await Ask("203.0.113.7")).ShouldBe(HttpStatusCode.OK);

        (await Ask("203.0.113.7")).ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-requests");
        (await Ask("203.0.113.8")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(Setting, "")]
    [InlineData(Setting, "10.0.0.0/8")]
    [InlineData("FORWARDEDHEADERS_ENABLED", "true")]
    public async Task Forwarded_address_of_another_sender_is_ignored(string? key, string? value)
    {
        (string, string)[] settings = key is null ? [] : [(key, value!)];
        await using var gateway = await shop.StartGateway(settings);

        (await Told(gateway.Http, "203.0.113.7")).ShouldBe(("127.0.0.1", "http"));
    }

    [Theory]
    [InlineData(Setting, "10.0.0.0/33")]
    [InlineData(Setting, "10.0.0.0/8, proxy.example")]
    [InlineData(Setting, "10.0.0.1")]
    [InlineData(Setting + ":0", "")]
    public async Task Invalid_trusted_proxy_stops_the_start(string key, string value) =>
        (await Should.ThrowAsync<OptionsValidationException>(() => shop.StartGateway((key, value)))).Message.ShouldContain(
            "Gateway:TrustedProxies are address ranges in CIDR notation");
}
