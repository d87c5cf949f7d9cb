using System.Net;
using System.Net.Http.Json;

namespace ForgeShop.Services.Tests;

/// <summary>Calls without a body, through the gateway: an unknown member is refused before the call has an effect.</summary>
[Collection(nameof(ReportingCollection))]
public sealed class NoMembersTests(ServersFixture servers, ReportingFixture shop)
{
    [Fact]
    public async Task Unknown_member_is_refused_by_name_and_an_empty_body_or_none_is_served()
    {
        await using var gateway = await servers.StartGateway(settings: ("services:reporting:http:0", shop.Reporting.Address.ToString()));
        var email = $"no-members-{Guid.NewGuid():N}@example.com";
        var user = servers.Ids.User(email);
        (await gateway.Anonymous.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = "Correct-Horse-1" }))
            .ShouldBe(HttpStatusCode.Created);
        var order = JsonContent.Create(new { items = new[] { new { sku = "MUG-FORGE", quantity = 1 } } });
        var placed = await gateway.As(user).Send(HttpMethod.Post, "/api/v1/orders", order, ("Idempotency-Key", "cart-1"));
        (HttpClient Http, string Path, HttpStatusCode Served)[] calls =
        [
            (gateway.As(user), $"{placed.Location}/cancel", HttpStatusCode.Accepted),
            (gateway.As(user), $"/api/v1/users/{user}/deactivate", HttpStatusCode.NoContent),
            (gateway.Http, "/api/v1/reports/rebuild", HttpStatusCode.Accepted),
        ];

        var before = await Rebuilt();
        foreach (var (http, path, _) in calls)
        {
            var refused = await http.SendJson(HttpMethod.Post, path, """{"model":"sales"}""");
            refused.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
            refused.Fields.ShouldBe(["model"]);
        }

        (await gateway.As(user).Get(placed.Location!)).Text("status").ShouldNotBe("cancelled");
        (await gateway.As(user).Get($"/api/v1/users/{user}")).ShouldBe(HttpStatusCode.OK);
        (await Rebuilt()).ShouldBe(before);
        foreach (var (http, path, served) in calls)
        {
            (await http.SendJson(HttpMethod.Post, path, "{}")).ShouldBe(served);
            var again = await http.Send(HttpMethod.Post, path, null);
            // The first rebuild may still be running.
            again.Status.ShouldBeOneOf(path.EndsWith("/rebuild", StringComparison.Ordinal) ? [served, HttpStatusCode.Conflict] : [served]);
        }

        await shop.Report("/api/v1/reports/rebuild", body => body.GetProperty("state").GetString() == "complete");

        async Task<string> Rebuilt() => (await gateway.Http.Get("/api/v1/reports/rebuild")).Body.GetProperty("startedAt").ToString();
    }
}
