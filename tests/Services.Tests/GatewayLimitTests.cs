using System.Net;

namespace ForgeShop.Services.Tests;

/// <summary>What is too much is refused with the time at which there is room again.</summary>
public sealed class GatewayLimitTests(GatewayFixture shop) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task An_address_has_so_many_requests_a_minute_and_probes_do_not_count()
    {
        await using var gateway = await shop.StartGateway(("RateLimits:PerAddress", "3"));
        for (var request = 0; request < 3; request++)
            (await gateway.Http.Get("/api/v1/ids")).ShouldBe(HttpStatusCode.OK);

        ShouldBeTooMany(await gateway.Http.Get("/api/v1/ids"));
        // What does not exist is counted like everything else.
        ShouldBeTooMany(await gateway.Http.Get("/api/v1/nothing"));
        for (var probe = 0; probe < 5; probe++)
            (await gateway.Http.Get("/health")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Registrations_are_limited_more_tightly_than_the_rest()
    {
        await using var gateway = await shop.StartGateway(("RateLimits:Registrations", "2"));
        for (var request = 0; request < 2; request++)
            (await gateway.Http.Post("/api/v1/users", new { })).Status.ShouldNotBe(HttpStatusCode.TooManyRequests);

        ShouldBeTooMany(await gateway.Http.Post("/api/v1/users", new { }));
        (await gateway.Http.Get("/api/v1/ids")).ShouldBe(HttpStatusCode.OK);
    }

    private static void ShouldBeTooMany(Answer answer)
    {
        answer.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-requests");
        answer.Message.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        answer.Message.Headers.Contains("X-Trace-Id").ShouldBeTrue();
        answer.Message.Headers.Contains("X-Correlation-Id").ShouldBeTrue();
    }
}
