using System.Text.RegularExpressions;

namespace ForgeShop.Forge.Tests;

/// <summary>Compares the examples of docs/forge-id.md with the library.</summary>
public sealed partial class SpecificationTests
{
    private static string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "forge-id.md"));

    [Fact]
    public void Examples_of_the_specification_are_derived()
    {
        var examples = Example().Matches(Text);
        examples.Count.ShouldBeGreaterThanOrEqualTo(6);
        foreach (Match example in examples)
        {
            var arguments = Argument().Matches(example.Groups["arguments"].Value).Select(argument => argument.Value.Trim('\''));
            Tool.Run([.. arguments]).Output.ShouldBe(example.Groups["id"].Value + "\n");
        }
    }

    [Fact]
    public void Full_example_equals_the_commands_explanation()
    {
        var explained = Tool.Run("id", "orders", "user=6e16f6c3-de6b-55c3-80ba-75907720bb8a", "reference=cart-1", "--explain").Output;
        var steps = Step().Matches(Text).ToDictionary(step => step.Groups["step"].Value, step => step.Groups["value"].Value);
        steps.Keys.ShouldBe(["root", "namespace", "name", "SHA-1 of namespace ‖ name", "ID"]);
        foreach (var value in steps.Values) explained.ShouldContain(value);
    }

    [GeneratedRegex(@"^\$ \./forge (?<arguments>.*)\n(?<id>[0-9a-f-]{36})$", RegexOptions.Multiline)]
    private static partial Regex Example();

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Argument();

    [GeneratedRegex(@"^\| (?<step>root|namespace|name|SHA-1 of namespace ‖ name|ID) \| `(?<value>.*)` \|$", RegexOptions.Multiline)]
    private static partial Regex Step();
}
