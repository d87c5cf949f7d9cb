using System.Collections.Concurrent;

namespace ForgeShop.Forge.Tests;

/// <summary>
/// Mutation tests of the derivation's constants. Literals in the sources that decide an ID are changed, one at a time; the
/// vectors, and where they do not reach the tests of kinds, records and domains, must fail on every such library. Long tier: some minutes.
/// </summary>
public sealed class MutationTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _model = Path.GetTempFileName();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_model);

    [Fact(Explicit = true)]
    public async Task Changed_constant_of_the_derivation_fails_a_test()
    {
        var forge = new MutatedForge();
        var itself = forge.Compile(null)!;
        ModelVectors.Write(_model);
        (await VectorsFail(itself)).ShouldBeFalse("the library as it is");
        (await TestsFail(itself)).ShouldBeFalse("the library as it is");

        var mutants = forge.Mutants();
        var (tried, unreached, survivors) = (0, 0, new ConcurrentBag<string>());
        await Parallel.ForEachAsync(mutants,
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = Cancelled }, async (mutant, _) =>
        {
            // A mutant that does not compile counts as found.
            if (forge.Compile(mutant) is not { } library) return;
            var number = Interlocked.Increment(ref tried);
            if (number % 20 == 0) Console.WriteLine($"{number} of at most {mutants.Count} changed constants tried");
            if (await VectorsFail(library)) return;
            Console.WriteLine($"not reached by the vectors: {mutant}");
            Interlocked.Increment(ref unreached);
            if (!await TestsFail(library)) survivors.Add(mutant.ToString());
        });
        tried.ShouldBeGreaterThan(200);

        output.WriteLine($"{tried} changed constants, {unreached} not reached by the vectors, {survivors.Count} by no test");
        var equivalent = EquivalentMutants.ByReason.Values.SelectMany(mutants => mutants);
        survivors.Distinct().Order(StringComparer.Ordinal)
            .ShouldBe(equivalent.Order(StringComparer.Ordinal), $"of {tried} changed constants");
    }

    /// <summary>The forge tool over the vector files, with this processor's vector instructions and without any.</summary>
    private async Task<bool> VectorsFail(byte[] library)
    {
        using var tool = new MutantProcess(library, "forge.dll", "forge.*", "System.CommandLine.dll");
        string[] command = ["vectors", Repository.Vectors("forge-id.json"), _model];
        return await tool.FailsAsync(command, cancellationToken: Cancelled) || await tool.FailsAsync(command, vectors: false, Cancelled);
    }

    /// <summary>These tests themselves.</summary>
    private static async Task<bool> TestsFail(byte[] library)
    {
        using var tests = new MutantProcess(library, "ForgeShop.Forge.Tests.dll", "*");
        var classes = new[] { typeof(KindTests), typeof(RecordKeyTests), typeof(DomainTests), typeof(UuidTests), typeof(SingleNameTests),
            typeof(CatalogueTests) };
        return await tests.FailsAsync(
            ["-noColor", "-stopOnFail", .. classes.SelectMany(type => (string[])["-class", type.FullName!])], cancellationToken: Cancelled);
    }
}
