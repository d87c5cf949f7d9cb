using System.Diagnostics;

namespace ForgeShop.EndToEnd.Tests;

/// <summary><c>./forge demo</c> as a process that gets the location of the shop only.</summary>
public sealed class DemoTests(ShopFixture fixture)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Demo_finds_every_derived_ID_in_every_store()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ForgeShop.Operator.dll"), "demo"])
        {
            Environment = { ["FORGESHOP_ENDPOINTS"] = fixture.EndpointsFile }, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Timeout);

        using var demo = Process.Start(start)!;
        var (shown, errors) = (demo.StandardOutput.ReadToEndAsync(timeout.Token), demo.StandardError.ReadToEndAsync(timeout.Token));
        try
        {
            await demo.WaitForExitAsync(timeout.Token);
        }
        finally
        {
            demo.Kill(); // no effect if it has ended
        }

        (await errors).ShouldBeEmpty();
        demo.ExitCode.ShouldBe(0, await shown);
        var lines = await shown;
        foreach (var expected in new[] { "confirmed", "cancelled: not enough in stock", "cancelled: payment declined", "all match" })
            lines.ShouldContain(expected);
    }
}
