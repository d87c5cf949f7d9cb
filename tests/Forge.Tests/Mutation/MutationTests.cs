using System.Collections.Concurrent;
using System.Diagnostics;

namespace ForgeShop.Forge.Tests;

/// <summary>
/// Do the tests notice when a constant of the derivation changes? Literals in the sources that decide an ID are changed, one at a time; the
/// vectors, and where they do not reach the tests of kinds, records and domains, must fail on every such library. Long tier: some minutes.
/// </summary>
public sealed class MutationTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("forge-mutants-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact(Explicit = true)]
    public async Task Every_constant_of_the_derivation_is_pinned_by_a_test()
    {
        var forge = new MutatedForge();
        var itself = forge.Compile(null)!;
        var vectors = new[] { Repository.Vectors("forge-id.json"), Path.Combine(_folder, "model.json") };
        ModelVectors.Write(vectors[1]);
        VectorRun.Fails(itself, vectors).ShouldBeFalse("the library as it is");

        var (tried, unnoticed) = (0, new ConcurrentBag<(Mutant Mutant, byte[] Library)>());
        Parallel.ForEach(forge.Mutants(), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = TestContext.Current.CancellationToken }, mutant =>
        {
            // What the compiler refuses, nobody can ship.
            if (forge.Compile(mutant) is not { } library) return;
            Interlocked.Increment(ref tried);
            if (!VectorRun.Fails(library, vectors)) unnoticed.Add((mutant, library));
        });
        tried.ShouldBeGreaterThan(200);
        output.WriteLine($"{tried} changed constants, {unnoticed.Count} of them not reached by the vectors");

        CopyTests();
        (await TestsFail(itself)).ShouldBeFalse("the library as it is");
        var survivors = new List<string>();
        foreach (var (mutant, library) in unnoticed)
        {
            if (!await TestsFail(library)) survivors.Add(mutant.ToString());
        }
        survivors.Order(StringComparer.Ordinal).ShouldBeEmpty($"of {tried} changed constants");
    }

    private void CopyTests()
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(_folder, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>These tests themselves, in a process of their own with that library.</summary>
    private async Task<bool> TestsFail(byte[] library)
    {
        await File.WriteAllBytesAsync(Path.Combine(_folder, "ForgeShop.Forge.dll"), library, TestContext.Current.CancellationToken);
        var classes = new[] { typeof(KindTests), typeof(RecordKeyTests), typeof(DomainTests), typeof(UuidTests), typeof(SingleNameTests), typeof(CatalogueTests) };
        var start = new ProcessStartInfo("dotnet", ["ForgeShop.Forge.Tests.dll", "-noColor", .. classes.SelectMany(type => (string[])["-class", type.FullName!])]) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(5));
        try
        {
            await Task.WhenAll(process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token), process.WaitForExitAsync(patience.Token));
            return process.ExitCode != 0;
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
