using System.Diagnostics;
using System.Globalization;

namespace ForgeShop.AppHost.Hosting;

/// <summary>The operator's commands on the dashboard's resource page. Each command asks for a confirmation or for its arguments.</summary>
internal static class OperatorCommands
{
    private const double DefaultRate = 12;
    private const double MaxRate = 600;
    private const int MaxStartAttempts = 5;
    private static readonly TimeSpan StartRetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ToolTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Publishes a service's events again, like <c>./forge outbox replay</c>; consumers drop the duplicates.</summary>
    public static IResourceBuilder<T> WithOutboxReplay<T>(this IResourceBuilder<T> service) where T : IResource => service.WithCommand(
        "replay-outbox", "Replay the outbox",
        context => RunOperatorAsync(context, ["outbox", "replay", service.Resource.Name, "--since", context.Arguments.GetString("since")!]),
        new CommandOptions
        {
            Description = "Publishes this service's events again since a time; consumers drop duplicates.",
            Arguments =
            [
                new()
                {
                    Name = "since", Label = "Since", InputType = InputType.Text, Required = true, Value = "1h",
                    Description = "How long ago (90s, 30m, 2h, 7d) or a time in UTC (2026-11-21T08:00:00Z).",
                },
            ],
            IconName = "ArrowRepeatAll",
            UpdateState = EnabledWhileRunning,
        });

    /// <summary>Publishes the dead letters of a topic again, like <c>./forge dlq retry</c>.</summary>
    public static IResourceBuilder<KafkaServerResource> WithDeadLetterRetry(this IResourceBuilder<KafkaServerResource> kafka) =>
        kafka.WithCommand(
        "retry-dead-letters", "Retry dead letters",
        context => RunOperatorAsync(context, ["dlq", "retry", context.Arguments.GetString("topic")!]),
        new CommandOptions
        {
            Description = "Publishes the dead letters of a topic to that topic again.",
            Arguments =
                [new() { Name = "topic", Label = "Topic", InputType = InputType.Text, Required = true, Placeholder = "order.events" }],
            IconName = "MailArrowForward",
            UpdateState = EnabledWhileRunning,
        });

    /// <summary>Checks that all stores agree, like <c>./forge audit</c>.</summary>
    public static IResourceBuilder<ProjectResource> WithAudit(this IResourceBuilder<ProjectResource> reporting) => reporting.WithCommand(
        "audit", "Audit all stores",
        context => RunOperatorAsync(context, IsTrue(context.Arguments.GetString("repair")) ? ["audit", "--repair"] : ["audit"]),
        new CommandOptions
        {
            Description = "Derives every ID again and compares it in every store.",
            Arguments =
            [
                new()
                {
                    Name = "repair", Label = "Repair", InputType = InputType.Boolean, Value = "false",
                    Description = "The owners repair what they can. Money and stock are only reported.",
                },
            ],
            IconName = "ClipboardCheckmark",
            UpdateState = EnabledWhileRunning,
        });

    /// <summary>Stops everything, deletes all data and starts everything again.</summary>
    public static void AddEmptyDataCommand(
        this IResourceBuilder<ProjectResource> gateway, ExecutableResource migrator, DataFolders data) => gateway.WithCommand(
        "empty-data", "Empty all data",
        async context =>
        {
            var resources = context.Services.GetRequiredService<DistributedApplicationModel>().Resources;
            var commands = context.Services.GetRequiredService<ResourceCommandService>();
            var notifications = context.Services.GetRequiredService<ResourceNotificationService>();
            var servers = resources.Where(resource =>
                resource is IResourceWithConnectionString and (ContainerResource or ExecutableResource)).ToList();
            var services = resources.Where(resource => resource.IsService() && resource != gateway.Resource).ToList();

            await Task.WhenAll(
                services.Append(gateway.Resource).Select(service => ExecuteAsync(service, KnownResourceCommands.StopCommand)));
            await Task.WhenAll(servers.Select(StopAsync));
            data.Empty();
            DataVolumes.Empty(gateway.ApplicationBuilder);
            await Task.WhenAll(servers.Select(StartAsync));
            await Task.WhenAll(
                resources.Where(resource => resource is IResourceWithConnectionString and IResourceWithParent).Select(HealthyAsync));
            await MigrateAsync();
            await Task.WhenAll(services.Select(StartAsync));
            await StartAsync(gateway.Resource);
            return CommandResults.Success();

            Task<ExecuteCommandResult> ExecuteAsync(IResource resource, string command) =>
                commands.ExecuteCommandAsync(resource, command, context.CancellationToken);

            async Task StopAsync(IResource server)
            {
                await ExecuteAsync(server, KnownResourceCommands.StopCommand);
                await notifications.WaitForResourceAsync(server.Name, KnownResourceStates.TerminalStates, context.CancellationToken)
                    .WaitAsync(StartTimeout, context.CancellationToken);
            }

            async Task MigrateAsync()
            {
                var before = notifications.TryGetCurrentState(migrator.Name, out var last) ? last.Snapshot.StopTimeStamp : null;
                await ExecuteAsync(migrator, KnownResourceCommands.StartCommand);
                await notifications.WaitForResourceAsync(
                    migrator.Name,
                    now => now.Snapshot.ExitCode == 0 && now.Snapshot.StopTimeStamp > (before ?? DateTime.MinValue),
                    context.CancellationToken)
                    .WaitAsync(StartTimeout, context.CancellationToken);
            }

            async Task StartAsync(IResource resource)
            {
                // Aspire gives up if the engine deletes the stopped container slowly; the next attempt succeeds.
                for (var attempts = 1;
                    await ExecuteAsync(resource, KnownResourceCommands.StartCommand) is { Success: false } failed;
                    attempts++)
                {
                    if (attempts == MaxStartAttempts)
                        throw new DistributedApplicationException($"{resource.Name} did not start: {failed.Message}");
                    await Task.Delay(StartRetryDelay, context.CancellationToken);
                }
                await HealthyAsync(resource);
            }

            Task HealthyAsync(IResource resource) => notifications
                .WaitForResourceHealthyAsync(resource.Name, WaitBehavior.WaitOnResourceUnavailable, context.CancellationToken)
                .WaitAsync(StartTimeout, context.CancellationToken);
        },
        new CommandOptions
        {
            Description = "Stops all services and servers, deletes their data and starts them again.",
            ConfirmationMessage = "This deletes all accounts, orders, messages and documents of this shop. Continue?",
            IconName = "DeleteDismiss",
            UpdateState = EnabledWhileRunning,
        });

    /// <summary>Adds simulated customers, which place a small, steady stream of orders. They start on request only.</summary>
    public static IResourceBuilder<ProjectResource> AddCustomers(
        this IDistributedApplicationBuilder builder, string name, IResourceBuilder<ProjectResource> gateway)
    {
        var rate = DefaultRate.ToString(CultureInfo.InvariantCulture);
        return builder.AddProject<Projects.Operator>(name, launchProfileName: null)
            .AsBuilt()
            .WithArgs("customers", "--rate")
            .WithArgs(context => context.Args.Add(rate))
            .WithReference(gateway)
            .WaitFor(gateway)
            .WithExplicitStart()
            .WithCommand("set-rate", "Set the rate", SetRateAsync, new CommandOptions
            {
                Description = "Sets how many orders the customers place a minute.",
                Arguments =
                    [new() { Name = "rate", Label = "Orders a minute", InputType = InputType.Number, Required = true, Value = rate }],
                ValidateArguments = context =>
                {
                    if (!IsRate(context.Inputs.GetString("rate")))
                        context.AddValidationError("rate", $"A number above 0, at most {MaxRate}.");
                    return Task.CompletedTask;
                },
                IconName = "TopSpeed",
            });

        async Task<ExecuteCommandResult> SetRateAsync(ExecuteCommandContext context)
        {
            if (context.Arguments.GetString("rate") is not { } wanted || !IsRate(wanted))
                return CommandResults.Failure($"The rate is a number above 0, at most {MaxRate}.");
            rate = wanted;
            var state = context.Services.GetRequiredService<ResourceNotificationService>();
            var isRunning = state.TryGetCurrentState(context.ResourceName, out var now)
                && now.Snapshot.State?.Text == KnownResourceStates.Running;
            return await context.Services.GetRequiredService<ResourceCommandService>().ExecuteCommandAsync(
                context.ResourceName, isRunning ? KnownResourceCommands.RestartCommand : KnownResourceCommands.StartCommand,
                context.CancellationToken);
        }

        static bool IsRate(string? text) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) && rate is > 0 and <= MaxRate;
    }

    private static bool IsTrue(string? text) => bool.TryParse(text, out var value) && value;

    private static ResourceCommandState EnabledWhileRunning(UpdateCommandStateContext context) =>
        context.ResourceSnapshot.State?.Text == KnownResourceStates.Running ? ResourceCommandState.Enabled : ResourceCommandState.Disabled;

    /// <summary>Runs the operator's tool and writes its output to the resource's console log.</summary>
    private static async Task<ExecuteCommandResult> RunOperatorAsync(ExecuteCommandContext context, string[] arguments)
    {
        var start = new ProcessStartInfo(Programs.PathOf("Operator"), arguments)
        { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["FORGESHOP_ENDPOINTS"] = context.Services.GetRequiredService<EndpointsFileLocation>().Path;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        timeout.CancelAfter(ToolTimeout);
        using var tool = Process.Start(start)!;
        var (output, errors) = (tool.StandardOutput.ReadToEndAsync(timeout.Token), tool.StandardError.ReadToEndAsync(timeout.Token));
        try
        {
            await tool.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            tool.Kill();
            throw;
        }

        var text = $"{await output}{await errors}".Trim();
        context.Logger.LogInformation("{Output}", text);
        return tool.ExitCode == 0 ? CommandResults.Success(text) : CommandResults.Failure(text);
    }
}
