using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ForgeShop.Forge.Tests;

/// <summary>
/// Runs the same tests in processes whose runtime uses fewer instructions, or does not optimise: each code path of this machine.
/// The runtime reads the switches once, at its start.
/// </summary>
public sealed class PathTests
{
    private static readonly string[] Classes = [typeof(BatchTests).FullName!, typeof(SingleNameTests).FullName!];

    [Fact]
    public Task Path_with_AVX2_without_AVX512_passes()
    {
        Assert.SkipUnless(Avx2.IsSupported, "This processor has no AVX2.");
        return Pass(256, ("DOTNET_EnableAVX512", "0"));
    }

    [Fact]
    public Task Path_with_128_bit_vectors_passes()
    {
        Assert.SkipUnless(Vector128.IsHardwareAccelerated, "This processor has no vectors.");
        return Pass(128, ("DOTNET_EnableAVX2", "0"));
    }

    [Fact]
    public Task Path_without_vectors_passes() => Pass(0, ("DOTNET_EnableHWIntrinsic", "0"));

    [Fact]
    public Task Path_with_optimised_code_passes() => Pass(EntityNamespace.LaneBits, ("DOTNET_TieredCompilation", "0"));

    [Fact]
    public async Task Path_with_unoptimised_code_passes()
    {
        var methods = Path.Combine(Path.GetTempPath(), $"forge-tests-{Guid.NewGuid():N}.txt");
        try
        {
            await Pass(EntityNamespace.LaneBits, ("DOTNET_JITMinOpts", "1"), ("DOTNET_TieredCompilation", "0"));
            // How this run ends is not judged: a thread may still write to the JIT's list while the runtime closes it at the end, and that
            // aborts the process.
            await Run(
                EntityNamespace.LaneBits, ("DOTNET_JITMinOpts", "1"), ("DOTNET_TieredCompilation", "0"), ("DOTNET_JitStdOutFile", methods),
                ("DOTNET_JitDisasmSummary", "1"));
            var kernels = File.ReadLines(methods)
                .Where(line => line.Contains("NameLanes", StringComparison.Ordinal) && line.Contains(":Rounds(", StringComparison.Ordinal))
                .ToArray();
            kernels.ShouldNotBeEmpty();
            kernels.ShouldAllBe(line => line.Contains("MinOpts", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(methods);
        }
    }

    private static async Task Pass(int laneBits, params (string Name, string Value)[] switches)
    {
        var (exitCode, text) = await Run(laneBits, switches);
        exitCode.ShouldBe(0, text);
        text.ShouldContain("Failed: 0");
        text.ShouldNotContain("Total: 0");
    }

    private static async Task<(int ExitCode, string Text)> Run(int laneBits, params (string Name, string Value)[] switches)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(PathTests).Assembly.Location);
        foreach (var name in Classes) { start.ArgumentList.Add("-class"); start.ArgumentList.Add(name); }
        start.ArgumentList.Add("-noColor");
        foreach (var (name, value) in switches) start.Environment[name] = value;
        start.Environment[BatchTests.ExpectedLaneBits] = laneBits.ToString(System.Globalization.CultureInfo.InvariantCulture);

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromMinutes(3));
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var error = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, await output + await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
