using System.Text.RegularExpressions;
using ForgeShop.Inventory;
using ForgeShop.Payments;
using ForgeShop.Reporting;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>What the documents say about the repository is true: their tables, the files that they name, their commands.</summary>
public sealed partial class DocumentationTests
{
    private const string DashboardCommands = "dashboard-commands"; // DashboardCommandTests writes this one.

    /// <summary>Paths that exist only while a shop runs or after a build, and examples of names.</summary>
    private static readonly string[] NotCommitted = ["artifacts/", "services/<"];

    private static IEnumerable<string> Documents => GeneratedBlocks.Documents(Repository.Root);

    [Fact]
    public void Generated_tables_equal_the_code()
    {
        var contents = GeneratedTables.All();

        GeneratedBlocks.Differences(Repository.Root, contents)
            .ShouldBeEmpty("run this test once with UpdateDocs=yes, which writes these blocks");
        GeneratedBlocks.Names(Repository.Root).Except(contents.Keys).ShouldBeSubsetOf([DashboardCommands]);
    }

    [Theory]
    [InlineData("Inventory", typeof(ReservationStatus))]
    [InlineData("Payments", typeof(PaymentStatus))]
    [InlineData("Reporting", typeof(RebuildStatus))]
    public void State_diagram_of_a_service_has_the_states_of_the_code(string service, Type states)
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "services", service, "README.md"));

        Arrow().Matches(readme).SelectMany(arrow => arrow.Groups.Values.Skip(1)).Select(state => state.Value).Distinct().Order()
            .ShouldBe(Enum.GetNames(states).Append("[*]").Order());
    }

    [Fact]
    public void Files_that_documents_name_exist()
    {
        var topLevel = Directory.EnumerateFileSystemEntries(Repository.Root).Select(Path.GetFileName).ToHashSet();
        var sources = Directory.EnumerateFiles(Repository.Root, "*.*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".mjs" or ".py")
            .Select(Path.GetFileName)
            .ToHashSet();
        var missing = new List<string>();
        foreach (var document in Documents)
        {
            var (text, folder) = (File.ReadAllText(document), Path.GetDirectoryName(document)!);
            void Require(bool exists, string name)
            {
                if (!exists)
                    missing.Add($"{Path.GetRelativePath(Repository.Root, document)}: {name}");
            }

            foreach (var target in Link().Matches(text).Select(link => link.Groups[1].Value))
                Require(Path.Exists(Path.Combine(folder, target)), target);
            foreach (var name in Code().Matches(Fence().Replace(text, "")).Select(code => code.Groups[1].Value))
            {
                if (Array.Exists(NotCommitted, name.StartsWith))
                    continue;
                if (PathName().IsMatch(name) && topLevel.Contains(name.Split('/')[0]))
                    Require(Path.Exists(Path.Combine(Repository.Root, name)), name);
                else if (SourceName().IsMatch(name))
                    Require(sources.Contains(name), name);
                else if (TestClass().IsMatch(name))
                    Require(sources.Contains(name + ".cs"), name);
            }
        }

        missing.ShouldBeEmpty();
    }

    [Fact]
    public async Task Commands_of_documents_print_what_the_documents_show()
    {
        var (help, wrong, run) = (await ForgeHelp(), new List<string>(), 0);
        foreach (var document in Documents)
        {
            foreach (var (command, expected) in FencedCommands.Of(File.ReadAllText(document)))
            {
                if (DocumentedCommands.IsQuick(command))
                {
                    run++;
                    var output = await DocumentedCommands.RunAsync(command, TestContext.Current.CancellationToken);
                    if (expected.Length > 0 && output != expected)
                        wrong.Add($"{Path.GetFileName(document)}: {command}\n{output}");
                }
                else if (DocumentedCommands.Unknown(command, help) is { } unknown)
                {
                    wrong.Add($"{Path.GetFileName(document)}: {command}: {unknown}");
                }
            }
        }

        wrong.ShouldBeEmpty();
        run.ShouldBeGreaterThanOrEqualTo(10);
    }

    private static Task<string> ForgeHelp() => Command.RunAsync(
        "bash", [Path.Combine(Repository.Root, "forge"), "help"], Repository.Root,
        cancellationToken: TestContext.Current.CancellationToken);

    [GeneratedRegex(@"^\s+(\S+) --> (\w+)", RegexOptions.Multiline)]
    private static partial Regex Arrow();

    [GeneratedRegex(@"\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Fence();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"^[\w.-]+(/[\w.-]+)*/?$")]
    private static partial Regex PathName();

    [GeneratedRegex(@"^\w[\w.]*\.(cs|mjs|py)$")]
    private static partial Regex SourceName();

    [GeneratedRegex("^[A-Z][A-Za-z]+Tests$")]
    private static partial Regex TestClass();
}
