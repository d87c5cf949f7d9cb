using System.Reflection;

namespace Aspire.Hosting;

/// <summary>What build/Aspire.Hosting.AppHost.targets wrote into the AppHost's assembly.</summary>
internal static class AppHostMetadata
{
    public static string? ProjectDirectory(Assembly? appHost) => Find(appHost, "apphostprojectpath");

    public static string ArtifactsFolder(Assembly? appHost, string appHostDirectory) =>
        Find(appHost, "standinartifacts") ?? Path.Combine(appHostDirectory, "artifacts");

    /// <summary>The built program of a referenced project.</summary>
    public static string Program(Assembly appHost, string projectPath) => Find(appHost, "standinprogram:" + projectPath)
        ?? throw new DistributedApplicationException($"{projectPath} is not among the ProjectReferences of {appHost.GetName().Name}");

    private static string? Find(Assembly? appHost, string key) => appHost?.GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(attribute => string.Equals(attribute.Key, key, StringComparison.OrdinalIgnoreCase))?.Value;
}
