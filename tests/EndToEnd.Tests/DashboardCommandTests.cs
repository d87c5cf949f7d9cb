using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>The table of dashboard commands in README.md.</summary>
public sealed class DashboardCommandTests
{
    private static readonly string[] OfAspire =
        [KnownResourceCommands.StartCommand, KnownResourceCommands.StopCommand, KnownResourceCommands.RestartCommand];

    [Fact]
    public async Task Readme_lists_the_commands_of_the_resources()
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(TestContext.Current.CancellationToken);
        var commands = from resource in builder.Resources
                       from command in resource.Annotations.OfType<ResourceCommandAnnotation>()
                       where !OfAspire.Contains(command.Name)
                       group resource.Name by (command.DisplayName, command.DisplayDescription) into resources
                       orderby resources.Key.DisplayName
                       select $"| {resources.Key.DisplayName} | {string.Join(", ", resources.Order())} | {resources.Key.DisplayDescription} |";
        var table = $"| Command | Resources | Effect |\n|---|---|---|\n{string.Join('\n', commands)}";

        var root = Path.GetDirectoryName(Path.GetDirectoryName(Projects.AppHost.ProjectPath))!;
        GeneratedBlocks.Differences(root, new Dictionary<string, string> { ["dashboard-commands"] = table })
            .ShouldBeEmpty("run this test once with UpdateDocs=yes, which writes this block");
    }
}
