using System.Net;
using System.Text.Json;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>A call with two versions, through the gateway.</summary>
public sealed class ApiVersionTests(ShopFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deprecated_version_names_its_end_and_its_successor_returns_the_same()
    {
        var (first, old) = await Get("/api/v1/reports/top-customers");
        var (second, now) = await Get("/api/v2/reports/top-customers");

        first.Headers.GetValues("Deprecation").ShouldBe(["@1795910400"]);
        first.Headers.GetValues("Sunset").ShouldBe(["Tue, 01 Jun 2027 00:00:00 GMT"]);
        first.Headers.GetValues("api-supported-versions").ShouldBe(["2.0"]);
        second.Headers.Contains("Deprecation").ShouldBeFalse();
        second.Headers.Contains("Sunset").ShouldBeFalse();
        now.GetProperty("items").GetArrayLength().ShouldBe(old.GetProperty("customers").GetArrayLength());
    }

    private async Task<(HttpResponseMessage Answer, JsonElement Body)> Get(string path)
    {
        var administrator = await fixture.LogInAdministrator(Cancellation);
        using var request = new HttpRequestMessage(
            HttpMethod.Get, path) { Headers = { Authorization = new("Bearer", administrator.AccessToken) } };
        var answer = await fixture.Http.SendAsync(request, Cancellation);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (answer, JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancellation)));
    }
}
