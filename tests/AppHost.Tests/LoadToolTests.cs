using System.Diagnostics;
using ForgeShop.TestSupport;

namespace ForgeShop.AppHost.Tests;

/// <summary>The commands that start a separate shop, on a machine where it cannot start.</summary>
public sealed class LoadToolTests : IDisposable
{
    private const string RedisIsMissing =
        "forge: Redis is missing: install it with 'apt-get install redis-server', or start a container engine";

    private readonly string temporary = Directory.CreateTempSubdirectory("forgeshop-load-").FullName;

    public void Dispose() => Directory.Delete(temporary, recursive: true);

    [Theory]
    [InlineData("native", RedisIsMissing, "chaos")]
    [InlineData("native", RedisIsMissing, "fuzz")]
    [InlineData("native", RedisIsMissing, "bench")]
    [InlineData("native", RedisIsMissing, "bench", "audit")]
    [InlineData("perhaps", "forge: Servers=perhaps is unknown: it is 'native' or 'containers'", "chaos")]
    public async Task Shop_that_cannot_start_ends_the_command_with_one_line(string servers, string expected, params string[] command)
    {
        var start = new ProcessStartInfo(Hosting.Programs.PathOf("Load"), command)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["Servers"] = servers;
        start.Environment["PATH"] = "/usr/bin/env"; // hides Redis
        start.Environment["TMPDIR"] = temporary;

        using var tool = Process.Start(start)!;
        try
        {
            var cancellation = TestContext.Current.CancellationToken;
            var (output, errors) = (tool.StandardOutput.ReadToEndAsync(cancellation), tool.StandardError.ReadToEndAsync(cancellation));
            await tool.WaitForExitAsync(cancellation).WaitAsync(Eventually.DefaultTimeout, cancellation);

            (await errors).ShouldBe(expected + "\n");
            (await output).ShouldNotContain("Exception");
            tool.ExitCode.ShouldBe(2);
            Directory.EnumerateDirectories(temporary, "forgeshop-*").ShouldBeEmpty();
        }
        finally
        {
            if (!tool.HasExited)
                tool.Kill(entireProcessTree: true);
        }
    }
}
