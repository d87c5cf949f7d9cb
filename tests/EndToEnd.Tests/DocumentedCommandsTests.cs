using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>The operator's commands that documents show, on a running shop.</summary>
public sealed class DocumentedCommandsTests(ShopFixture fixture)
{
    private static readonly string[] Operator = ["./forge audit", "./forge dlq ", "./forge find ", "./forge outbox "];

    [Fact(Explicit = true)]
    public async Task Operator_commands_of_documents_run_on_a_shop()
    {
        var commands = GeneratedBlocks.Documents(Repository.Root).SelectMany(document => FencedCommands.Of(File.ReadAllText(document)))
            .Select(shown => shown.Command).Where(IsComplete).Distinct().ToList();
        commands.Count.ShouldBeGreaterThan(5);
        foreach (var command in commands)
        {
            var script = $"""
                export FORGESHOP_ENDPOINTS='{fixture.EndpointsFile}'
                forge() (dotnet '{Path.Combine(AppContext.BaseDirectory, "ForgeShop.Operator.dll")}' "$@")
                {command.Replace("./forge ", "forge ", StringComparison.Ordinal)} || echo "exit code $?"
                """;
            var printed = await Command.RunAsync("bash", ["-c", script], cancellationToken: TestContext.Current.CancellationToken);
            // 1 is an answer: the shop of this test does not have the entity. 2 is a command that cannot be carried out.
            printed.ShouldNotContain("exit code 2", customMessage: command);
        }
    }

    private static bool IsComplete(string command) => !command.Contains('…', StringComparison.Ordinal)
        && Array.Exists(Operator, start => command.StartsWith(start, StringComparison.Ordinal));
}
