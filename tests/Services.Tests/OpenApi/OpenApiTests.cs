using System.Text.Json.Nodes;
using ForgeShop.Gateway;
using ForgeShop.Inventory;
using ForgeShop.Notifications;
using ForgeShop.Orders;
using ForgeShop.Reporting;
using ForgeShop.TestSupport;
using ForgeShop.Users;

namespace ForgeShop.Services.Tests;

/// <summary>Compares docs/openapi/v1.json, which the gateway serves, with the services, and lists breaking changes.</summary>
public sealed class OpenApiTests
{
    private const string IfItHasToBe =
        "Keep these. If a break is intended, run this test once with UpdateOpenApi=breaking; it writes the document.";
    private const string NotBreaking =
        "The API differs from docs/openapi/v1.json; no client breaks. Run this test once with UpdateOpenApi=yes, which writes the "
        + "document.";

    private static string Committed => Path.Combine(Repository.Root, "docs", "openapi", "v1.json");

    [Fact]
    public async Task Committed_document_is_what_the_services_generate()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var generated = MergedDocument.Merge(
            await ServiceDocument<RateLimitOptions>.GenerateAsync(cancellation),
            [
                await ServiceDocument<UsersDb>.GenerateAsync(cancellation), await ServiceDocument<InventoryDb>.GenerateAsync(cancellation),
                await ServiceDocument<OrdersDb>.GenerateAsync(cancellation),
                await ServiceDocument<Notification>.GenerateAsync(cancellation),
                await ServiceDocument<OrderReport>.GenerateAsync(cancellation), await RecommendationsAsync(cancellation),
            ]);
        var text = MergedDocument.Text(generated);
        var committed = await File.ReadAllTextAsync(Committed, cancellation);
        if (text == committed)
            return;

        var breaking = BreakingChanges.Between(JsonNode.Parse(committed)!, generated);
        var update = Environment.GetEnvironmentVariable("UpdateOpenApi");
        if (update == "breaking" || (update == "yes" && breaking.Count == 0))
            await File.WriteAllTextAsync(Committed, text, cancellation);
        else if (breaking.Count > 0)
            Assert.Fail($"The API breaks its clients:\n  {string.Join("\n  ", breaking)}\n{IfItHasToBe}");
        else
            Assert.Fail(NotBreaking);
    }

    [Theory]
    [InlineData("/paths/~1api~1v1~1orders/get", "GET /api/v1/orders is removed")]
    [InlineData("/paths/~1api~1v1~1orders", "/api/v1/orders is removed")]
    [InlineData("/components/schemas/OrderView/properties/total", "OrderView.total is removed")]
    [InlineData("/paths/~1api~1v1~1orders/post/responses/409", "POST /api/v1/orders: the answer 409 is removed")]
    public async Task Removal_of_what_a_client_uses_is_breaking(string removed, string expected)
    {
        var (before, after) = (await ReadAsync(), await ReadAsync());
        var parts = removed.Split('/').Skip(1).Select(part => part.Replace("~1", "/", StringComparison.Ordinal)).ToList();
        parts.SkipLast(1).Aggregate(after, (node, part) => node[part]!).AsObject().Remove(parts[^1]).ShouldBeTrue();

        BreakingChanges.Between(before, after).ShouldContain(expected);
        BreakingChanges.Between(after, before).ShouldBeEmpty();
    }

    [Fact]
    public async Task Required_member_and_changed_type_of_a_request_are_breaking()
    {
        var (before, after) = (await ReadAsync(), await ReadAsync());
        var body = after["components"]!["schemas"]!["PlaceOrderRequestBody"]!;
        body["required"]!.AsArray().Add("paymentMethod");
        body["properties"]!["paymentMethod"]!["type"] = "integer";

        BreakingChanges.Between(before, after).ShouldBe(
            ["PlaceOrderRequestBody.paymentMethod: the type string is now integer", "PlaceOrderRequestBody.paymentMethod is required now"]);
    }

    /// <summary>Returns the document of the service on Node.js, whose own tests compare it with its answers.</summary>
    private static async Task<JsonObject> RecommendationsAsync(CancellationToken cancellationToken) => JsonNode.Parse(
        await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "services", "recommendations", "openapi.json"), cancellationToken))!.AsObject();

    private static async Task<JsonNode> ReadAsync() =>
        JsonNode.Parse(await File.ReadAllTextAsync(Committed, TestContext.Current.CancellationToken))!;
}
