using System.Diagnostics;
using System.Text.RegularExpressions;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>The repository is public, so it contains no secrets.</summary>
public sealed partial class RepositorySecretsTests
{
    private const long LargestText = 2_000_000;

    [Fact]
    public async Task Repository_contains_no_secret()
    {
        var files = await TrackedFiles();
        files.Count.ShouldBeGreaterThan(300);
        var found = new List<string>();
        foreach (var file in files.Where(file => File.Exists(file) && new FileInfo(file).Length < LargestText))
        {
            var name = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/');
            var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            found.AddRange(PrivateKey().Matches(text).Concat(Token().Matches(text)).Concat(CloudKey().Matches(text))
                .Select(match => $"{name}: {match.Value[..20]}"));
            // Tests create accounts, and the vectors contain a published example secret.
            if (!name.StartsWith("tests/", StringComparison.Ordinal) && !name.Contains("vectors/", StringComparison.Ordinal)
                && !name.StartsWith("polyglot/", StringComparison.Ordinal))
                found.AddRange(Assignment().Matches(text).Where(match => !IsHarmless(match)).Select(match => $"{name}: {match.Value}"));
        }

        found.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("password = \"hunter2hunter2\"")]
    [InlineData("\"ClientSecret\": \"0123456789abcdef\"")]
    [InlineData("password: 'correcthorsebattery'")]
    [InlineData("Host=db;Username=shop;Password=hunter2hunter2")]
    public void Secret_patterns_match_samples(string text) =>
        Assignment().Matches(text).ShouldContain(match => !IsHarmless(match));

    /// <summary>Expressions, placeholders, and names without quotes.</summary>
    private static bool IsHarmless(Match match)
    {
        var value = match.Groups["value"].Value;
        return value.Any("(){}$<>[]".Contains)
            || (match.Groups["quote"].Length == 0 && (!value.Any(char.IsAsciiDigit) || value.Contains('.')));
    }

    private static async Task<List<string>> TrackedFiles()
    {
        using var git = Process.Start(
            new ProcessStartInfo("git", ["ls-files", "-z"]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true })!;
        var output = await git.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        git.ExitCode.ShouldBe(0);
        return [.. output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(file => Path.Combine(Repository.Root, file))];
    }

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY-----")]
    private static partial Regex PrivateKey();

    [GeneratedRegex(@"eyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}")]
    private static partial Regex Token();

    [GeneratedRegex(@"\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abpr]-[A-Za-z0-9-]{20,})")]
    private static partial Regex CloudKey();

    [GeneratedRegex("""(?i)(password|passwd|secret|api_?key)["']?\s*[:=]\s*(?<quote>["']?)(?<value>[^\s"';,)]{12,})\k<quote>""")]
    private static partial Regex Assignment();
}
