using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace ForgeShop.Services.Tests;

/// <summary>A request above a limit is refused with the time until the limit is reset.</summary>
public sealed class GatewayLimitTests(GatewayFixture shop) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task Address_above_its_limit_returns_429_and_probes_do_not_count()
    {
        await using var gateway = await shop.StartGateway(("RateLimits:PerAddress", "3"));
        for (var request = 0; request < 3; request++)
            (await gateway.Http.Get("/api/v1/ids")).ShouldBe(HttpStatusCode.OK);

        ShouldBeTooMany(await gateway.Http.Get("/api/v1/ids"));
        // Unknown paths count, too.
        ShouldBeTooMany(await gateway.Http.Get("/api/v1/nothing"));
        for (var probe = 0; probe < 5; probe++)
            (await gateway.Http.Get("/health")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Registrations_have_a_lower_limit_than_other_calls()
    {
        await using var gateway = await shop.StartGateway(("RateLimits:Registrations", "2"));
        for (var left = 1; left >= 0; left--)
        {
            var answer = await gateway.Http.Post("/api/v1/users", new { });
            answer.Status.ShouldNotBe(HttpStatusCode.TooManyRequests);
            answer.Message.Headers.GetValues("RateLimit-Policy").Single().ShouldEndWith("""
                , "registrations";q=2;w=60
                """);
            answer.Message.Headers.GetValues("RateLimit").Single().ShouldContain($"""
                , "registrations";r={left};t=
                """);
        }

        var refused = await gateway.Http.Post("/api/v1/users", new { });
        ShouldBeTooMany(refused);
        refused.Message.Headers.GetValues("RateLimit").Single().ShouldContain("""
            "registrations";r=0;t=
            """);
        var other = await gateway.Http.Get("/api/v1/ids");
        other.ShouldBe(HttpStatusCode.OK);
        other.Message.Headers.GetValues("RateLimit").Single().ShouldNotContain("registrations");
    }

    [Fact]
    public async Task Answer_has_the_remaining_requests_and_Retry_After_the_remaining_time()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var gateway = await shop.StartGateway(time, ("RateLimits:PerAddress", "2"), ("RateLimits:PerUser", "100"));
        var first = await gateway.Http.Get("/api/v1/ids");
        first.Message.Headers.GetValues("RateLimit-Policy").Single().ShouldBe("""
            "address";q=2;w=60, "user";q=100;w=60
            """);
        first.Message.Headers.GetValues("RateLimit").Single().ShouldStartWith("""
            "address";r=1;t=
            """.TrimEnd());
        await gateway.Http.Get("/api/v1/ids");
        var refused = await gateway.Http.Get("/api/v1/ids");
        ShouldBeTooMany(refused);
        refused.Message.Headers.GetValues("RateLimit").Single().ShouldStartWith("""
            "address";r=0;t=
            """.TrimEnd());

        time.Advance(TimeSpan.FromSeconds(20));
        var later = await gateway.Http.Get("/api/v1/ids");
        ShouldBeTooMany(later);
        (refused.Message.Headers.RetryAfter!.Delta!.Value - later.Message.Headers.RetryAfter!.Delta!.Value)
            .ShouldBe(TimeSpan.FromSeconds(20));

        time.Advance(TimeSpan.FromSeconds(40));
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
