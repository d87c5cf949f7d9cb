using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.AppHost.Hosting;

/// <summary>The volumes of the containers. Aspire has no call to remove them, so the container engine is asked.</summary>
internal static class DataVolumes
{
    private static readonly TimeSpan RemovalTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Removes the volumes of all containers in the model; a volume that does not exist is no error.</summary>
    /// <exception cref="DistributedApplicationException">The engine refuses, or it is missing.</exception>
    public static void Remove(IDistributedApplicationBuilder builder)
    {
        var volumes = builder.Resources.SelectMany(resource => resource.Annotations.OfType<ContainerMountAnnotation>())
            .Where(mount => mount is { Type: ContainerMountType.Volume, Source: not null })
            .Select(mount => mount.Source!).ToList();
        if (volumes.Count == 0 || !ContainerEngine.Answers(builder))
            return;
        var engine = builder.Configuration["ASPIRE_CONTAINER_RUNTIME"] ?? "docker";
        try
        {
            using var remove = Process.Start(new ProcessStartInfo(engine, ["volume", "rm", "--force", .. volumes]) { RedirectStandardOutput = true })!;
            if (!remove.WaitForExit(RemovalTimeout) || remove.ExitCode != 0)
                throw new DistributedApplicationException($"{engine} could not remove the data volumes: does another shop still use them?");
        }
        catch (Win32Exception exception)
        {
            throw new DistributedApplicationException($"{engine} is missing: install a container engine, or start with Servers=native", exception);
        }
    }
}

/// <summary>Deletes everything that an isolated shop wrote when the host is disposed, which is after its servers have stopped.</summary>
internal sealed class TemporaryData(IDistributedApplicationBuilder builder, DataFolders data, string artifacts) : IHostedService, IDisposable
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        data.Delete();
        DataVolumes.Remove(builder);
        if (Directory.Exists(artifacts))
            Directory.Delete(artifacts, recursive: true);
    }
}
