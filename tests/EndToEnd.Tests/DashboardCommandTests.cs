using Aspire.Hosting.ApplicationModel;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>The table of dashboard commands in README.md.</summary>
public sealed class DashboardCommandTests(ShopFixture fixture)
{
    private static readonly string[] OfAspire =
        [KnownResourceCommands.StartCommand, KnownResourceCommands.StopCommand, KnownResourceCommands.RestartCommand];

    /// <summary>Returns whether Aspire adds this command itself. It rebuilds projects only; a Node.js app has the shop's command.</summary>
    private static bool IsOfAspire(IResource resource, ResourceCommandAnnotation command) => OfAspire.Contains(command.Name)
        || (command.Name == KnownResourceCommands.RebuildCommand && resource is ProjectResource);

    [Fact]
    public void Readme_lists_the_commands_of_the_resources()
    {
        Assert.SkipUnless(ShopFixture.HasRecommendations, "The table has the commands of all services, and Node.js is not installed.");
        var commands = from resource in fixture.App.Services.GetRequiredService<DistributedApplicationModel>().Resources
                       from command in resource.Annotations.OfType<ResourceCommandAnnotation>()
                       where !IsOfAspire(resource, command)
                       group resource.Name by (command.DisplayName, command.DisplayDescription) into resources
                       orderby resources.Key.DisplayName
                       let names = string.Join(", ", resources.Order())
                       select $"| {resources.Key.DisplayName} | {names} | {resources.Key.DisplayDescription} |";
        var table = $"| Command | Resources | Effect |\n|---|---|---|\n{string.Join('\n', commands)}";

        var root = Path.GetDirectoryName(Projects.AppHost.ProjectPath)!;
        GeneratedBlocks.Differences(root, new Dictionary<string, string> { ["dashboard-commands"] = table })
            .ShouldBeEmpty("run this test once with UpdateDocs=yes, which writes this block");
    }
}
