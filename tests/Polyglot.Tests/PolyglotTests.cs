using System.Xml.Linq;
using ForgeShop.Forge;
using ForgeShop.Fuzz.Ids;

namespace ForgeShop.Polyglot.Tests;

public sealed class PolyglotTests(PostgresFixture postgres)
{
    /// <summary>With all five ports, of which SQL gets every tenth key, some 100,000 comparisons.</summary>
    private const int Keys = 25_000;

    // Unknown and missing fields are a matter of declared records, which the ports do not have; bytes that are not UTF-8 one of Go.
    private static readonly IEnumerable<string> AllReasons =
    [
        nameof(KeyRefusal.Missing), nameof(KeyRefusal.Empty), nameof(KeyRefusal.TooLong), nameof(KeyRefusal.Character),
        nameof(KeyRefusal.Edge), nameof(KeyRefusal.LoneSurrogate), nameof(KeyRefusal.InvalidUtf8), nameof(KeyRefusal.Form),
        nameof(KeyRefusal.TooManyDigits),
        nameof(KeyRefusal.Range), nameof(KeyRefusal.TooPrecise), nameof(KeyRefusal.FieldName), nameof(KeyRefusal.DuplicateField),
        nameof(KeyRefusal.NoFields), nameof(KeyRefusal.TooDeep), nameof(KeyRefusal.WrongKind), "Configuration",
    ];

    public static TheoryData<string> Ports => [.. Port.All.Select(port => port.Name)];

    [Theory]
    [MemberData(nameof(Ports))]
    public async Task Own_tests_pass_in(string name)
    {
        var port = Installed(name);

        var (exitCode, output, errors) = await port.RunAsync(port.Test, null, postgres.Uri, TestContext.Current.CancellationToken);

        exitCode.ShouldBe(0, output + errors);
        (output + errors).ShouldMatch(@"[1-9][0-9]* passed, 0 failed|# pass [1-9]|pass [1-9]|Ran [1-9]|\nok  |^ok  ", "no test ran");
    }

    [Fact]
    public Task Hostile_keys_have_the_ids_and_refusals_of_dotnet() => CompareAsync(Keys);

    /// <summary>Some ten million comparisons with all five ports.</summary>
    [Fact(Explicit = true)]
    public Task Millions_of_hostile_keys_have_the_ids_and_refusals_of_dotnet() => CompareAsync(Keys * 100);

    private async Task CompareAsync(int keys)
    {
        var ports = Port.All.Where(port => port.Missing is null).ToList();
        Assert.SkipWhen(ports.Count == 0, "no other language is installed");
        var fuzz = new IdFuzz(ports, postgres.Uri, seed: 20260101);

        await fuzz.RunAsync(keys, TimeSpan.MaxValue, null, TestContext.Current.CancellationToken);

        fuzz.Differences.ShouldBeEmpty(string.Join('\n', fuzz.Differences));
        foreach (var port in ports)
        {
            var counts = fuzz.Counts.Single(counts => counts.Port == port.Name);
            counts.Compared.ShouldBe(keys / port.OneIn);
            counts.Ids.ShouldBeInRange(counts.Compared / 4, counts.Compared * 3 / 4, "the keys no longer try acceptance and refusal");
            AllReasons.Except(counts.Reasons).ShouldBe(port.ImpossibleReasons, ignoreOrder: true, $"{port}: the keys miss a reason");
        }
    }

    [Fact]
    public async Task Difference_is_shrunk_to_the_smallest_key()
    {
        // The upper case of one letter is forgotten.
        const string Program = "import forge_id, run, sys; forge_id._UPPER.pop(ord('k')); sys.exit(run.main(['derive', '--why']))";
        var port = Installed("python") with { Derive = ["python3", "-c", Program] };
        var fuzz = new IdFuzz([port], null, seed: 1);

        await fuzz.RunAsync(2_000, TimeSpan.MaxValue, null, TestContext.Current.CancellationToken);

        var smallest = fuzz.Differences.ShouldHaveSingleItem();
        smallest.Line.ShouldBe("""{"algorithm":"v5","domain":"a","entity":"a","key":{"kind":"sku","value":"k"}}""");
        smallest.Actual.ShouldNotBe(smallest.Expected);
    }

    [Fact]
    public void Packages_have_one_version()
    {
        var version = File.ReadAllText(Path.Combine(Port.Root, "polyglot", "VERSION")).Trim();

        XDocument.Load(Path.Combine(Port.Root, "Directory.Build.props")).Descendants("Version").Single().Value.ShouldBe(version);
        XNamespace maven = "http://maven.apache.org/POM/4.0.0";
        XDocument.Load(Path.Combine(Port.Root, "polyglot/java/pom.xml")).Root!.Element(maven + "version")!.Value.ShouldBe(version);
        Content("javascript/package.json").ShouldContain($"\"version\": \"{version}\"");
        Content("python/pyproject.toml").ShouldContain($"\nversion = \"{version}\"\n");
        Content("go/forgeid.go").ShouldContain($"\nconst Version = \"{version}\"\n");
        Content("sql/forge_id.control").ShouldContain($"\ndefault_version = '{version}'\n");

        static string Content(string file) => File.ReadAllText(Path.Combine(Port.Root, "polyglot", file));
    }

    private static Port Installed(string name)
    {
        var port = Port.All.Single(port => port.Name == name);
        Assert.SkipWhen(port.Missing is not null, $"{port.Missing} is not installed, so {name} was not compared");
        return port;
    }
}
