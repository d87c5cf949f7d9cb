namespace Aspire.Hosting.ApplicationModel;

public enum WaitBehavior
{
    WaitOnResourceUnavailable,
    StopOnResourceUnavailable,
}

internal sealed record WaitAnnotation(IResource Resource) : IResourceAnnotation;

/// <summary>Adds to the environment of a process that is about to start.</summary>
internal sealed record EnvironmentAnnotation(Func<IDictionary<string, string?>, CancellationToken, ValueTask> Apply) : IResourceAnnotation;

/// <summary>A GET on this path of this endpoint must answer with this status.</summary>
internal sealed record HttpHealthAnnotation(string EndpointName, string Path, int StatusCode) : IResourceAnnotation;

/// <summary>The data survives a restart of the application.</summary>
internal sealed record DataVolumeAnnotation : IResourceAnnotation;
