using System.Diagnostics;
using ForgeShop.Fuzz.Ids;
using ForgeShop.TestSupport;

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
        var printed = await shown;
        foreach (var expected in new[] { "cancelled: not enough in stock", "cancelled: payment declined" })
            printed.ShouldContain(expected);
        FencedCommands.NotPrinted("./forge demo", printed.Split('\n')).ShouldBeEmpty($"README.md shows what was not printed:\n{printed}");
        await ComparePaymentsAsync();
    }

    /// <summary>The files that the demo wrote agree, and a removed payment is found, with no service asked.</summary>
    private async Task ComparePaymentsAsync()
    {
        if (!Command.Exists("python3", "--version"))
            return;
        var folder = Path.GetDirectoryName(fixture.EndpointsFile)!;
        var script = Path.Combine(Port.Root, "polyglot", "python", "audit_payments.py");
        string[] arguments = [script, Path.Combine(folder, "provider-charges.csv"), Path.Combine(folder, "payments-export.csv")];
        var cancelled = TestContext.Current.CancellationToken;

        (await Command.RunAsync("python3", arguments, cancellationToken: cancelled))
            .ShouldBe("1 charges, 1 payments: 1 agree, 0 differences\n");

        var export = await File.ReadAllLinesAsync(arguments[2], cancelled);
        await File.WriteAllLinesAsync(arguments[2], export.Take(1), cancelled);
        (await Should.ThrowAsync<InvalidOperationException>(() => Command.RunAsync("python3", arguments, cancellationToken: cancelled)))
            .Message.ShouldContain("missing");
    }
}
