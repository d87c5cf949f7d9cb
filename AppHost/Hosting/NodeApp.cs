using System.Globalization;
using ForgeShop.AppHost.Hosting;

namespace Aspire.Hosting;

/// <summary>A Node.js app, with the names and the behaviour of Aspire.Hosting.JavaScript, which can replace this file.</summary>
public sealed class NodeAppResource(string name, string command, string workingDirectory)
    : ExecutableResource(name, command, workingDirectory), IResourceWithServiceDiscovery;

public static class NodeAppHostingExtensions
{
    private const int MinVersion = 20;
    private static readonly TimeSpan VersionTimeout = TimeSpan.FromSeconds(10);
    private static readonly Lazy<string?> Missing = new(FindProblem);

    /// <summary>Adds a Node.js app. On a machine without Node.js it is not started, and its state names the package to install.</summary>
    /// <param name="appDirectory">The folder of package.json, relative to the AppHost.</param>
    /// <param name="scriptPath">The script to run, relative to that folder.</param>
    public static IResourceBuilder<NodeAppResource> AddNodeApp(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string appDirectory, string scriptPath)
    {
        var folder = Path.GetFullPath(Path.Combine(builder.AppHostDirectory, appDirectory));
        var app = builder.AddResource(new NodeAppResource(name, "node", folder))
            .WithArgs(scriptPath)
            .WithIconName("CodeJsRectangle")
            .WithOtlpExporter()
            .WithEnvironment("NODE_ENV", builder.Environment.EnvironmentName.ToLowerInvariant());
        if (Missing.Value is not { } missing)
            return app;
        Console.WriteLine($"{name}: {missing}; the shop starts without it");
        builder.Eventing.Subscribe<AfterResourcesCreatedEvent>(async (created, _) =>
        {
            created.Services.GetRequiredService<ResourceLoggerService>().GetLogger(app.Resource).LogWarning("{Message}", missing);
            await created.Services.GetRequiredService<ResourceNotificationService>().PublishUpdateAsync(
                app.Resource, snapshot => snapshot with { State = new(missing, KnownResourceStateStyles.Warn) });
        });
        return app.WithExplicitStart();
    }

    /// <summary>
    /// Installs the packages by <c>npm ci</c> and builds the app before it starts, if the lock file or a source is newer than the last
    /// build. Adds a command that does it again and restarts the app. Other resources do not wait for it.
    /// </summary>
    public static IResourceBuilder<NodeAppResource> WithNpm(this IResourceBuilder<NodeAppResource> app)
    {
        var (builder, name) = (app.ApplicationBuilder, app.Resource.Name);
        var script = Path.Combine(AppContext.BaseDirectory, "Native", "npm.sh");
        var installer = builder.AddExecutable($"{name}-installer", script, app.Resource.WorkingDirectory)
            .WithParentRelationship(app)
            .WithIconName("BoxArrowDown")
            .WithAnnotation(new RunsToCompletionAnnotation());
        if (Missing.Value is not null)
            installer.WithExplicitStart();
        return app.WaitForCompletion(installer).WithCommand(
            "rebuild", "Rebuild",
            async context =>
            {
                var commands = context.Services.GetRequiredService<ResourceCommandService>();
                var notifications = context.Services.GetRequiredService<ResourceNotificationService>();
                var before = notifications.TryGetCurrentState(installer.Resource.Name, out var last) ? last.Snapshot.StopTimeStamp : null;
                await commands.ExecuteCommandAsync(installer.Resource, KnownResourceCommands.StartCommand, context.CancellationToken);
                var built = await notifications.WaitForResourceAsync(
                    installer.Resource.Name, now => now.Snapshot.StopTimeStamp > (before ?? DateTime.MinValue), context.CancellationToken);
                return built.Snapshot.ExitCode == 0
                    ? await commands.ExecuteCommandAsync(app.Resource, KnownResourceCommands.RestartCommand, context.CancellationToken)
                    : CommandResults.Failure($"The build failed; see the console log of {installer.Resource.Name}.");
            },
            new CommandOptions
            {
                Description = "Builds the app from its sources and restarts it.",
                IconName = "ArrowClockwise",
                UpdateState = _ => Missing.Value is null ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
            });
    }

    /// <summary>Returns why no Node.js app can run here; null if one can.</summary>
    private static string? FindProblem()
    {
        if (Programs.InPath("node") is null || Programs.InPath("npm") is null)
            return $"Node.js is missing: install it with 'apt-get install nodejs npm' ({MinVersion} or newer)";
        string version;
        try
        {
            version = Programs.Run("node", VersionTimeout, "--version").Output.Trim();
        }
        catch (DistributedApplicationException exception)
        {
            return exception.Message;
        }

        var first = version.TrimStart('v').Split('.')[0];
        return int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var major) && major >= MinVersion
            ? null
            : $"Node.js {version} is too old: install {MinVersion} or newer";
    }
}
