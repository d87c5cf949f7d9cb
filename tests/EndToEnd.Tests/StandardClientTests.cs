using System.Net;
using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>The shop's token server as a standard OpenID Connect client sees it, through the gateway.</summary>
public sealed class StandardClientTests(ShopFixture fixture)
{
    private static readonly string NodeFolder = Path.Combine(AppContext.BaseDirectory, "node");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Discovery, login with PKCE on the login page, refresh, revocation.</summary>
    [Fact]
    public async Task Openid_client_logs_in_refreshes_and_revokes()
    {
        Assert.SkipUnless(Command.Exists("node", "--version") && Command.Exists("npm", "--version"), "Node.js and npm are not installed.");
        if (!File.Exists(Path.Combine(NodeFolder, "node_modules", ".package-lock.json")))
            await Command.RunAsync("npm", ["ci", "--no-audit", "--no-fund"], NodeFolder, cancellationToken: Cancellation);
        var email = $"client-{Guid.NewGuid():N}@example.com";
        await fixture.Register(email, "Ada Lovelace", Cancellation);

        var output = await Command.RunAsync(
            "node", ["login.mjs", fixture.Http.BaseAddress!.GetLeftPart(UriPartial.Authority), email, ShopSteps.Password], NodeFolder,
            cancellationToken: Cancellation);

        output.ShouldEndWith("ok\n");
    }

    /// <summary>F20: the addresses in the document are the gateway's, whatever the Host header says.</summary>
    [Fact]
    public async Task Discovery_through_the_gateway_ignores_the_Host_header()
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, "/.well-known/openid-configuration") { Headers = { Host = "evil.example" } };
        using var answer = await fixture.Http.SendAsync(request, Cancellation);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var document = await answer.Content.ReadAsStringAsync(Cancellation);
        document.ShouldNotContain("evil.example");
        document.ShouldContain($"\"{fixture.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)}/.well-known/jwks.json\"");
    }
}
