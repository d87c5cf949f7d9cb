using ForgeShop.TestSupport;

namespace ForgeShop.AppHost.Tests;

/// <summary>The AppHost as a process that does not get as far as a healthy shop.</summary>
public sealed class AppHostProcessTests : IDisposable
{
    private readonly string artifacts = Directory.CreateTempSubdirectory("forgeshop-apphost-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        new Hosting.DataFolders(Path.Combine(artifacts, "data")).Delete();
        if (Directory.Exists(artifacts))
            Directory.Delete(artifacts, recursive: true);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task Shop_that_is_stopped_while_it_starts_ends_cleanly(string signal)
    {
        await using var shop = ShopProcess.Start(artifacts, ["--no-dashboard"]);
        await Eventually.True(
            "the orchestrator starts the resources",
            _ => Task.FromResult(shop.Processes().Any(process => process.Contains("run-controllers", StringComparison.Ordinal))),
            cancellationToken: Cancellation);

        shop.Signal(signal);

        (await shop.ExitAsync(Eventually.DefaultTimeout, Cancellation)).ShouldBe(0);
        await shop.NoProcessIsLeftAsync(Cancellation);
        shop.Lines.ShouldNotContain(line => line.Contains("Unhandled exception", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("perhaps", "apphost: Servers=perhaps is unknown: it is 'native' or 'containers'")]
    [InlineData("native", "apphost: Redis is missing: install it with 'apt-get install redis-server', or start a container engine")]
    [InlineData("containers", "apphost: Servers=containers needs a container engine and none answers: start one, or remove the setting")]
    public async Task Servers_that_cannot_run_end_the_start_with_one_line(string servers, string expected)
    {
        // An empty folder in the PATH hides Redis and the container engine.
        await using var shop = ShopProcess.Start(
            artifacts, ["--no-dashboard"], ("Servers", servers), ("PATH", "/usr/bin/env"), ("DOCKER_HOST", "tcp://127.0.0.1:9"));

        (await shop.ExitAsync(Eventually.DefaultTimeout, Cancellation)).ShouldBe(2);
        shop.Lines.Where(line => line.StartsWith("apphost:", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldBe(expected);
        File.Exists(shop.EndpointsFile).ShouldBeFalse();
    }
}
