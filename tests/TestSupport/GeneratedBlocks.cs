using System.Text.RegularExpressions;

namespace ForgeShop.TestSupport;

/// <summary>
/// The parts of documents that repeat the code, between <c>&lt;!-- generated: NAME --&gt;</c> and <c>&lt;!-- end --&gt;</c>. A test
/// compares them with the code. With the environment variable <c>UpdateDocs=yes</c> it writes them instead.
/// </summary>
public static partial class GeneratedBlocks
{
    private static readonly string[] Skipped = ["artifacts", "node_modules", "bin", "obj", ".git"];

    /// <summary>Returns the paths of all Markdown files of the repository.</summary>
    public static IEnumerable<string> Documents(string folder) => Directory.EnumerateFiles(folder, "*.md")
        .Concat(Directory.EnumerateDirectories(folder)
            .Where(inner => !Skipped.Contains(Path.GetFileName(inner)))
            .SelectMany(Documents));

    /// <summary>Returns the names of the blocks of all documents.</summary>
    public static IReadOnlySet<string> Names(string folder) => Documents(folder)
        .SelectMany(file => Block().Matches(File.ReadAllText(file)))
        .Select(block => block.Groups["name"].Value)
        .ToHashSet();

    /// <summary>Compares the blocks of all documents with their contents from the code, or writes them.</summary>
    /// <param name="folder">The root of the repository.</param>
    /// <param name="contents">The content of each block by its name. Blocks with other names are left alone.</param>
    /// <returns>The blocks that differ, with their files.</returns>
    public static IReadOnlyList<string> Differences(string folder, IReadOnlyDictionary<string, string> contents)
    {
        var isUpdate = Environment.GetEnvironmentVariable("UpdateDocs") == "yes";
        var differences = new List<string>();
        foreach (var file in Documents(folder))
        {
            var text = File.ReadAllText(file);
            var generated = Block().Replace(text, block => contents.TryGetValue(block.Groups["name"].Value, out var content)
                ? $"{block.Groups["begin"].Value}\n{content.Trim()}\n{block.Groups["end"].Value}"
                : block.Value);
            if (generated == text)
                continue;
            if (isUpdate)
                File.WriteAllText(file, generated);
            else
                differences.AddRange(Block().Matches(text).Zip(Block().Matches(generated))
                    .Where(pair => pair.First.Value != pair.Second.Value)
                    .Select(pair => $"{Path.GetRelativePath(folder, file)}: {pair.First.Groups["name"].Value}"));
        }

        return differences;
    }

    [GeneratedRegex(@"(?<begin><!-- generated: (?<name>[\w-]+) -->)\n(?<content>.*?)(?<end><!-- end -->)", RegexOptions.Singleline)]
    private static partial Regex Block();
}
