using System.Net;
using System.Net.Http.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Services.Tests;

/// <summary>ETags, If-Match and If-None-Match, through the gateway.</summary>
public sealed class ConditionalRequestTests(ServersFixture servers)
{
    private readonly string _email = $"tags-{Guid.NewGuid():N}@example.com";

    private UserId User => servers.Ids.User(_email);

    private HttpClient Customer => servers.Gateway.As(User);

    private HttpClient Administrator => servers.Gateway.Http;

    private static string NewSku() => $"E-{Guid.NewGuid():N}".ToUpperInvariant();

    private static object Product(string name = "Tagged", int stock = 10) =>
        new { name, price = new { amount = "2.00", currency = "EUR" }, stock };

    private static string TagOf(Answer answer)
    {
        var tag = answer.Message.Headers.ETag.ShouldNotBeNull();
        tag.IsWeak.ShouldBeFalse();
        return tag.Tag;
    }

    private async Task<string[]> Things()
    {
        var sku = NewSku();
        (await Administrator.Put($"/api/v1/products/{sku}", Product())).ShouldBe(HttpStatusCode.Created);
        (await servers.Gateway.Anonymous.Post("/api/v1/users", new { email = _email, name = "Ada", password = "Correct-Horse-1" }))
            .ShouldBe(HttpStatusCode.Created);
        var order = await Customer.Send(
            HttpMethod.Post, "/api/v1/orders", JsonContent.Create(new { items = new[] { new { sku, quantity = 1 } } }),
            ("Idempotency-Key", "cart-1"));
        order.ShouldBe(HttpStatusCode.Accepted);
        // The checkout has ended, so neither order nor stock change any more.
        await TestSupport.Eventually.Get(
            "the order is confirmed", _ => Customer.Get(order.Location!), answer => answer.Text("status") == "confirmed",
            cancellationToken: TestContext.Current.CancellationToken);
        return [$"/api/v1/products/{sku}", $"/api/v1/products?search={sku}", $"/api/v1/users/{User}", "/api/v1/users/me", "/api/v1/orders",
            order.Location!];
    }

    [Fact]
    public async Task Unchanged_answer_returns_304_and_a_changed_one_another_tag()
    {
        foreach (var path in await Things())
        {
            var tag = TagOf(await Customer.Get(path));

            foreach (var sent in new[] { tag, "W/" + tag, $"\"other\", {tag}", "*" })
            {
                var again = await Customer.Send(HttpMethod.Get, path, null, ("If-None-Match", sent));
                again.Status.ShouldBe(HttpStatusCode.NotModified, $"{path} {sent}");
                TagOf(again).ShouldBe(tag);
                (await again.Message.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
            }

            (await Customer.Send(HttpMethod.Get, path, null, ("If-None-Match", "\"other\""))).ShouldBe(HttpStatusCode.OK);
            (await Customer.Send(HttpMethod.Get, path, null, ("If-Match", tag))).ShouldBe(HttpStatusCode.OK);
            (await Customer.Send(HttpMethod.Get, path, null, ("If-Match", "\"other\"")))
                .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
            (await Customer.Send(HttpMethod.Head, path, null, ("If-None-Match", tag))).Status.ShouldBe(HttpStatusCode.NotModified);
        }
    }

    [Fact]
    public async Task Writes_honour_If_Match()
    {
        var things = await Things();
        var (product, user) = (things[0], things[2]);

        var tag = TagOf(await Customer.Get(user));
        var renamed = await Customer.Send(HttpMethod.Patch, user, JsonContent.Create(new { name = "Ada King" }), ("If-Match", tag));
        renamed.ShouldBe(HttpStatusCode.OK);
        TagOf(renamed).ShouldBe(TagOf(await Customer.Get(user)));
        foreach (var outdated in new[] { tag, "W/" + TagOf(renamed) })
        {
            (await Customer.Send(HttpMethod.Patch, user, JsonContent.Create(new { name = "Ada Byron" }), ("If-Match", outdated)))
                .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
        }

        (await Customer.Get(user)).Text("name").ShouldBe("Ada King");
        (await Customer.Send(HttpMethod.Patch, user, JsonContent.Create(new { name = "Ada Byron" }), ("If-Match", "no-quotes")))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");

        (await Administrator.Send(HttpMethod.Patch, product, JsonContent.Create(new { name = "Outdated" }), ("If-Match", "\"other\"")))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
        (await Administrator.Send(HttpMethod.Post, product + "/stock", JsonContent.Create(new { change = 1, reason = "count" }),
            ("Idempotency-Key", "a"), ("If-Match", "\"other\"")))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
        (await Customer.Send(HttpMethod.Post, things[5] + "/cancel", null, ("If-Match", "\"other\"")))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
    }

    [Fact]
    public async Task Put_over_an_existing_product_needs_the_tag_of_what_was_seen()
    {
        var path = $"/api/v1/products/{NewSku()}";
        (await Administrator.Send(HttpMethod.Put, path, JsonContent.Create(Product()), ("If-Match", "*")))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
        var made = await Administrator.Put(path, Product());
        made.ShouldBe(HttpStatusCode.Created);
        TagOf(made).ShouldBe(TagOf(await Administrator.Get(path)));

        (await Administrator.Put(path, Product("Blind"))).ShouldBeProblem(HttpStatusCode.PreconditionRequired, "precondition-required");
        (await Administrator.Send(HttpMethod.Put, path, JsonContent.Create(Product("Again")), ("If-None-Match", "*")))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
        var set = await Administrator.Send(HttpMethod.Put, path, JsonContent.Create(Product("Seen", 3)), ("If-Match", TagOf(made)));
        set.ShouldBe(HttpStatusCode.OK);
        (await Administrator.Send(HttpMethod.Put, path, JsonContent.Create(Product("Lost", 4)), ("If-Match", TagOf(made))))
            .ShouldBeProblem(HttpStatusCode.PreconditionFailed, "precondition-failed");
        var now = await Administrator.Get(path);
        (now.Text("name"), now.Body.GetProperty("stock").GetInt32(), TagOf(now)).ShouldBe(("Seen", 3, TagOf(set)));
    }
}
