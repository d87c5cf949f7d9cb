using System.Diagnostics;
using System.Text;
using ForgeShop.Forge;

namespace ForgeShop.Polyglot.Tests;

public sealed class PolyglotTests(PostgresFixture postgres)
{
    private const int Keys = 10_000;
    private const string Error = "error: ";

    // Unknown and missing fields are a matter of declared records, which the ports do not have; bytes that are not UTF-8 one of Go.
    private static readonly IEnumerable<string> AllReasons =
    [
        nameof(KeyRefusal.Missing), nameof(KeyRefusal.Empty), nameof(KeyRefusal.TooLong), nameof(KeyRefusal.Character), nameof(KeyRefusal.Edge),
        nameof(KeyRefusal.LoneSurrogate), nameof(KeyRefusal.InvalidUtf8), nameof(KeyRefusal.Form), nameof(KeyRefusal.TooManyDigits),
        nameof(KeyRefusal.Range), nameof(KeyRefusal.TooPrecise), nameof(KeyRefusal.FieldName), nameof(KeyRefusal.DuplicateField),
        nameof(KeyRefusal.NoFields), nameof(KeyRefusal.TooDeep), nameof(KeyRefusal.WrongKind), "Configuration",
    ];

    public static TheoryData<string> Languages => [.. Language.All.Select(language => language.Name)];

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Every_vector_passes_in(string name)
    {
        var language = Installed(name);

        var (exitCode, output, errors) = await language.Run(["vectors", "vectors/forge-id.json", "vectors/rfc9562.json"], null, postgres.Uri, TestContext.Current.CancellationToken);

        exitCode.ShouldBe(0, output + errors);
        output.TrimEnd().Split('\n')[^1].ShouldMatch("^[1-9][0-9]* passed, 0 failed$");
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Hostile_keys_have_the_IDs_of_dotnet_in(string name)
    {
        var language = Installed(name);
        var lines = new HostileKeys(seed: 20260101).Lines(Keys).ToList();

        var answers = await Answers(language, lines);
        answers.Count(answer => !answer.StartsWith(Error, StringComparison.Ordinal)).ShouldBeInRange(Keys / 4, Keys * 3 / 4, "the keys no longer try both acceptance and refusal");

        // What the language answered becomes a vector file, and the forge tool checks it against the library: equal for each language
        // means equal among all.
        var file = Path.Combine(Path.GetTempPath(), $"forge-{name}-{Guid.NewGuid():N}.json");
        try
        {
            await File.WriteAllTextAsync(file, Vectors(lines, answers), TestContext.Current.CancellationToken);
            var (code, report, problems) = await Language.Run(ForgeTool("vectors", file), null, TestContext.Current.CancellationToken);
            code.ShouldBe(0, report + problems);
            report.TrimEnd().Split('\n')[^1].ShouldBe($"{Keys} passed, 0 failed");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Hostile_keys_are_refused_with_field_kind_reason_and_code_point_of_dotnet_in(string name)
    {
        var language = Installed(name);
        var lines = new HostileKeys(seed: 20260102).Lines(Keys).ToList();

        var answers = await Answers(language, lines);

        var reasons = new HashSet<string>();
        var differences = new List<string>();
        for (var index = 0; index < Keys; index++)
        {
            if (language.Holds(lines[index]) && answers[index].StartsWith(Error, StringComparison.Ordinal))
            {
                var refusal = Refusal.Read(answers[index]);
                var expected = language.HasUtf8 ? Refusal.OfDotnet(lines[index])?.InUtf8() : Refusal.OfDotnet(lines[index]);
                reasons.Add(refusal.Reason);
                if (refusal != expected) differences.Add($"{answers[index]}\n  .NET: {expected}\n  {lines[index][..Math.Min(300, lines[index].Length)]}");
            }
        }

        differences.Count.ShouldBe(0, string.Join('\n', differences.Take(20)));
        AllReasons.Except(reasons).ShouldBe(language.CannotSay, ignoreOrder: true, "the keys no longer try every reason");
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Misuse_is_a_refusal_in(string name)
    {
        var language = Installed(name);

        var (exitCode, output, errors) = await language.Run(["misuse"], null, postgres.Uri, TestContext.Current.CancellationToken);

        exitCode.ShouldBe(0, output + errors);
        output.TrimEnd().Split('\n')[^1].ShouldMatch("^[1-9][0-9]* passed, 0 failed$");
    }

    private async Task<string[]> Answers(Language language, List<string> lines)
    {
        var (exitCode, output, errors) = await language.Run(["derive", "--why"], string.Join('\n', lines) + "\n", postgres.Uri, TestContext.Current.CancellationToken);
        exitCode.ShouldBe(0, errors);
        var answers = output.TrimEnd('\n').Split('\n');
        answers.Length.ShouldBe(lines.Count);
        return answers;
    }

    private static Language Installed(string name)
    {
        var language = Language.All.Single(language => language.Name == name);
        Assert.SkipWhen(language.Missing is not null, $"{language.Missing} is not installed, so {name} was not compared");
        return language;
    }

    private static string Vectors(List<string> lines, string[] answers)
    {
        var file = new StringBuilder("{\"kinds\":[],\"ids\":[\n");
        for (var index = 0; index < lines.Count; index++)
        {
            var outcome = answers[index].StartsWith(Error, StringComparison.Ordinal) ? "\"error\":true" : $"\"uuid\":\"{answers[index]}\"";
            file.Append(lines[index][..^1]).Append(',').Append(outcome).Append(index < lines.Count - 1 ? "},\n" : "}\n");
        }

        return file.Append("]}").ToString();
    }

    private static ProcessStartInfo ForgeTool(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(AppContext.BaseDirectory, "forge.dll"), .. arguments])
            start.ArgumentList.Add(argument);
        return start;
    }
}
