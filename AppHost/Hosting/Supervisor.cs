using System.Collections.Concurrent;

namespace ForgeShop.AppHost.Hosting;

/// <summary>
/// Restarts services and servers that exit unexpectedly; Aspire does not restart them. The delay doubles from 1 s to 30 s. After six exits
/// without 10 s of running in between, the resource stays ended and the dashboard shows it as failed.
/// </summary>
internal sealed class Supervisor(
    ResourceNotificationService notifications, ResourceCommandService commands, ResourceLoggerService logs,
    IHostApplicationLifetime lifetime, TimeProvider time) : BackgroundService
{
    private const int MaxAttempts = 6;
    private static readonly TimeSpan MinDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Supervised> resources = [];
    private readonly HashSet<ResourceCommandAnnotation> noted = [];
    private readonly ConcurrentDictionary<string, bool> stopRequested = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var update in notifications.WatchAsync(stoppingToken))
        {
            if (lifetime.ApplicationStopping.IsCancellationRequested)
                return;
            if (update.Resource is not (ProjectResource or ExecutableResource or ContainerResource))
                continue;

            if (!resources.TryGetValue(update.ResourceId, out var resource))
                resources[update.ResourceId] = resource = new();
            NoteStops(update.Resource);
            var (before, now) = (resource.State, update.Snapshot.State?.Text);
            resource.State = now;
            if (now == KnownResourceStates.Running && before != now)
            {
                resource.RunningSince = time.GetTimestamp();
                stopRequested.TryRemove(update.Resource.Name, out _);
            }

            if (update.Snapshot.ExitCode == 0 && update.Resource.HasAnnotationOfType<RunsToCompletionAnnotation>())
                continue;
            // The last condition is the state that this class itself publishes when it gives up.
            if (!HasEnded(now) || before is null || before == now || before == KnownResourceStates.NotStarted
                || stopRequested.ContainsKey(update.Resource.Name)
                || (now == KnownResourceStates.FailedToStart && resource.Attempts > MaxAttempts))
                continue;

            if (time.GetElapsedTime(resource.RunningSince) > StableAfter)
                resource.Attempts = 0;
            resource.Attempts++;
            _ = RestartAsync(update, resource.Attempts, stoppingToken);
        }
    }

    /// <summary>Wraps the commands that stop a resource: the state Stopping is too short to be observed reliably.</summary>
    private void NoteStops(IResource resource)
    {
        var stops = resource.Annotations.OfType<ResourceCommandAnnotation>()
            .Where(command => command.Name == KnownResourceCommands.StopCommand || command.Name == KnownResourceCommands.RestartCommand);
        foreach (var stop in stops.Except(noted).ToList())
        {
            var note = new ResourceCommandAnnotation(
                stop.Name, stop.DisplayName, stop.UpdateState, NoteAndStopAsync, stop.DisplayDescription, stop.Arguments,
                stop.ConfirmationMessage, stop.IconName, stop.IconVariant, stop.IsHighlighted, stop.Visibility, stop.ValidateArguments);
            resource.Annotations.Remove(stop);
            resource.Annotations.Add(note);
            noted.Add(note);

            Task<ExecuteCommandResult> NoteAndStopAsync(ExecuteCommandContext context)
            {
                stopRequested[resource.Name] = true;
                return stop.ExecuteCommand(context);
            }
        }
    }

    private async Task RestartAsync(ResourceEvent ended, int attempt, CancellationToken stoppingToken)
    {
        var name = ended.Resource.Name;
        if (attempt > MaxAttempts)
        {
            Report(ended, $"{name} ended {attempt} times in a row; it stays ended until it is started on the dashboard");
            await notifications.PublishUpdateAsync(ended.Resource, ended.ResourceId, snapshot => snapshot with
            {
                State = new(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error),
            });
            return;
        }

        var delay = MinDelay * Math.Pow(2, attempt - 1);
        delay = (delay < MaxDelay ? delay : MaxDelay) * (0.75 + (Random.Shared.NextDouble() / 2));
        Report(
            ended,
            $"{name} ended by itself (exit code {ended.Snapshot.ExitCode}); restarting in {delay.TotalSeconds:0.0} s (attempt {attempt})");
        try
        {
            await Task.Delay(delay, time, stoppingToken);
            // Starting a resource that runs again, started on the dashboard, would restart it.
            if (notifications.TryGetCurrentState(ended.ResourceId, out var now) && !HasEnded(now.Snapshot.State?.Text))
                return;
            var result = await commands.ExecuteCommandAsync(ended.ResourceId, KnownResourceCommands.StartCommand, stoppingToken);
            if (!result.Success)
                Report(ended, $"{name} could not be restarted: {result.Message}");
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The AppHost stops.
        }
    }

    private static bool HasEnded(string? state) => state == KnownResourceStates.Finished || state == KnownResourceStates.Exited
        || state == KnownResourceStates.FailedToStart;

    private void Report(ResourceEvent resource, string message)
    {
        Console.WriteLine(message);
        logs.GetLogger(resource.Resource).LogWarning("{Message}", message);
    }

    private sealed class Supervised
    {
        public string? State { get; set; }

        public long RunningSince { get; set; }

        public int Attempts { get; set; }
    }
}
