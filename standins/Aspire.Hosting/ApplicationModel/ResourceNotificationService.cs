using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Who wants to know how the resources are asks here; the orchestrator tells it.</summary>
public class ResourceNotificationService : IDisposable
{
    private readonly DistributedApplicationModel model;
    private readonly DistributedApplicationOptions options;
    private readonly Lock gate = new();
    private readonly Dictionary<string, ResourceEvent> latest = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<Channel<ResourceEvent>> watchers = [];
    private readonly CancellationTokenSource disposing = new();

    internal ResourceNotificationService(DistributedApplicationModel model, DistributedApplicationOptions options)
    {
        this.model = model;
        this.options = options;
    }

    public Task PublishUpdateAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        lock (gate)
        {
            var previous = latest.GetValueOrDefault(resource.Name)?.Snapshot ?? new CustomResourceSnapshot { ResourceType = TypeOf(resource), Properties = [] };
            var update = new ResourceEvent(resource, resource.Name, stateFactory(previous) with { Version = previous.Version + 1 });
            latest[resource.Name] = update;
            foreach (var watcher in watchers)
                watcher.Writer.TryWrite(update);
        }

        return Task.CompletedTask;
    }

    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (gate)
            return latest.TryGetValue(resourceId, out resourceEvent);
    }

    /// <summary>The latest state of every resource, then every change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // A watcher that falls 10,000 changes behind loses the oldest of them; the states that it then sees are still the latest.
        var channel = Channel.CreateBounded<ResourceEvent>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (gate)
        {
            foreach (var current in latest.Values)
                channel.Writer.TryWrite(current);
            watchers.Add(channel);
        }

        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(disposing.Token, cancellationToken);
            await foreach (var update in channel.Reader.ReadAllAsync(stop.Token))
                yield return update;
        }
        finally
        {
            lock (gate)
                watchers.Remove(channel);
        }
    }

    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken);

    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var reached = await WaitForResourceAsync(
            resourceName,
            update => update.Snapshot.State is { } state && targetStates.Contains(state.Text, StringComparer.OrdinalIgnoreCase),
            cancellationToken);
        return reached.Snapshot.State!.Text;
    }

    public async Task<ResourceEvent> WaitForResourceAsync(string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        await foreach (var update in WatchAsync(cancellationToken))
        {
            if (string.Equals(update.Resource.Name, resourceName, StringComparison.OrdinalIgnoreCase) && predicate(update))
                return update;
        }

        throw new OperationCanceledException($"Resource '{resourceName}' did not get there before the application was stopped.");
    }

    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) =>
        WaitForResourceHealthyAsync(resourceName, options.DisableDashboard ? WaitBehavior.StopOnResourceUnavailable : WaitBehavior.WaitOnResourceUnavailable, cancellationToken);

    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, WaitBehavior waitBehavior, CancellationToken cancellationToken = default)
    {
        if (!model.Resources.TryGetByName(resourceName, out _))
            throw new DistributedApplicationException($"Stopped waiting for resource '{resourceName}' to become healthy because it does not exist in the application model.");

        var reached = await WaitForResourceAsync(
            resourceName,
            update => IsHealthy(update) || (waitBehavior == WaitBehavior.StopOnResourceUnavailable && IsUnavailable(update)),
            cancellationToken);
        return IsHealthy(reached)
            ? reached
            : throw new DistributedApplicationException($"Stopped waiting for resource '{resourceName}' to become healthy because it failed to start.");
    }

    public void Dispose()
    {
        disposing.Cancel();
        GC.SuppressFinalize(this);
    }

    private static bool IsHealthy(ResourceEvent update) => update.Snapshot.HealthStatus == HealthStatus.Healthy;

    private static bool IsUnavailable(ResourceEvent update) => update.Snapshot.State?.Text is { } state
        && (KnownResourceStates.TerminalStates.Contains(state) || state == KnownResourceStates.RuntimeUnhealthy);

    private static string TypeOf(IResource resource) => resource switch
    {
        ProjectResource => "Project",
        ExecutableResource => "Executable",
        ContainerResource => "Container",
        _ => resource.GetType().Name,
    };
}
