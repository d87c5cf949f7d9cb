using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Orchestration;

/// <summary>Publishes what becomes of the resources. What lives inside another resource (a database in its server) shares its fate.</summary>
internal sealed class ResourceBoard(DistributedApplicationModel model, ResourceNotificationService notifications, TimeProvider time)
{
    private const string ProcessIdProperty = "executable.pid";

    public void Starting(IResource resource, int? exitCode) => Publish(resource, snapshot => snapshot with
    {
        State = KnownResourceStates.Starting,
        ExitCode = exitCode,
        StopTimeStamp = exitCode is null ? snapshot.StopTimeStamp : Now,
        HealthReports = [],
    });

    public void Running(IResource resource, int processId) => Publish(
        resource,
        snapshot => snapshot with
        {
            State = KnownResourceStates.Running,
            StartTimeStamp = Now,
            StopTimeStamp = null,
            ExitCode = null,
            HealthReports = [new HealthReportSnapshot(HealthMonitor.KeyOf(resource), null, null, null)],
        },
        snapshot => snapshot with
        {
            Properties = [.. snapshot.Properties.Where(property => property.Name != ProcessIdProperty), new ResourcePropertySnapshot(ProcessIdProperty, processId)],
            Urls = resource is IResourceWithEndpoints endpoints
                ? [.. endpoints.GetEndpoints().Select(endpoint => new UrlSnapshot(endpoint.EndpointName, endpoint.Url, IsInternal: false))]
                : [],
        });

    public void Health(IResource resource, HealthStatus status, string? description) => Publish(resource, snapshot =>
        snapshot.State?.Text == KnownResourceStates.Running
            ? snapshot with { HealthReports = [new HealthReportSnapshot(HealthMonitor.KeyOf(resource), status, description, null)] }
            : snapshot);

    public void Stopping(IResource resource) => Publish(resource, snapshot => snapshot with { State = KnownResourceStates.Stopping });

    public void Exited(IResource resource) => Publish(resource, snapshot => snapshot with { State = KnownResourceStates.Exited, StopTimeStamp = Now });

    public void Failed(IResource resource, int? exitCode) => Publish(resource, snapshot =>
        snapshot with { State = KnownResourceStates.FailedToStart, StopTimeStamp = Now, ExitCode = exitCode });

    public async Task WaitForDependenciesAsync(IResource resource, CancellationToken cancellationToken)
    {
        var dependencies = resource.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource.Name).Distinct().ToList();
        if (dependencies.Count == 0)
            return;

        Publish(resource, snapshot => snapshot with { State = KnownResourceStates.Waiting });
        await Task.WhenAll(dependencies.Select(dependency =>
            notifications.WaitForResourceHealthyAsync(dependency, WaitBehavior.WaitOnResourceUnavailable, cancellationToken)));
        Publish(resource, snapshot => snapshot with { State = KnownResourceStates.Starting });
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private void Publish(
        IResource resource,
        Func<CustomResourceSnapshot, CustomResourceSnapshot> change,
        Func<CustomResourceSnapshot, CustomResourceSnapshot>? ownChange = null)
    {
        notifications.PublishUpdateAsync(resource, ownChange is null ? change : snapshot => ownChange(change(snapshot)));
        foreach (var child in model.Resources.OfType<IResourceWithParent>().Where(child => child.Parent == resource))
            Publish(child, change);
    }
}
