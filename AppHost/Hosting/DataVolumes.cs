using System.ComponentModel;

namespace ForgeShop.AppHost.Hosting;

/// <summary>The volumes of the containers. Aspire has no call to remove them, so this class runs the container engine's command.</summary>
internal static class DataVolumes
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Deletes the content of the volumes of stopped containers. The volumes stay: if a stopped container is removed behind its back, the
    /// orchestrator may wait for ever for that container's end.
    /// </summary>
    /// <exception cref="DistributedApplicationException">The engine refuses, or it is missing.</exception>
    public static void Empty(IDistributedApplicationBuilder builder)
    {
        foreach (var server in builder.Resources.OfType<ContainerResource>())
        {
            if (!server.TryGetContainerImageName(out var image))
                continue;
            foreach (var volume in Volumes(server))
            {
                Run(
                    Engine(builder), "run", "--rm", "--user", "0", "--volume", $"{volume}:/volume", "--entrypoint", "/bin/sh", image,
                    "-c", "find /volume -mindepth 1 -delete");
            }
        }
    }

    /// <summary>Removes the volumes of the model's containers, and stopped containers that use them; missing ones are ignored.</summary>
    /// <exception cref="DistributedApplicationException">The engine refuses, or it is missing.</exception>
    public static void Remove(IDistributedApplicationBuilder builder)
    {
        var volumes = builder.Resources.SelectMany(Volumes).ToList();
        if (volumes.Count == 0 || !ContainerEngine.Answers(builder))
            return;
        var engine = Engine(builder);
        // The engine keeps the volumes of existing containers.
        var stopped = volumes.SelectMany(volume => Run(
            engine, "container", "ls", "--all", "--quiet", "--filter", $"volume={volume}", "--filter", "status=exited").Split('\n'));
        string[] containers = [.. stopped.Where(id => id.Length > 0).Distinct()];
        if (containers.Length > 0)
            Run(engine, ["container", "rm", .. containers]);
        Run(engine, ["volume", "rm", "--force", .. volumes]);
    }

    private static string Engine(IDistributedApplicationBuilder builder) => builder.Configuration["ASPIRE_CONTAINER_RUNTIME"] ?? "docker";

    private static IEnumerable<string> Volumes(IResource resource) => resource.Annotations.OfType<ContainerMountAnnotation>()
        .Where(mount => mount is { Type: ContainerMountType.Volume, Source: not null })
        .Select(mount => mount.Source!);

    private static string Run(string engine, params string[] arguments)
    {
        try
        {
            var (exitCode, output, errors) = Programs.Run(engine, Timeout, arguments);
            return exitCode == 0
                ? output
                : throw new DistributedApplicationException($"{engine} could not delete the data volumes: {errors.Trim()}");
        }
        catch (Win32Exception exception)
        {
            throw new DistributedApplicationException(
                $"{engine} is missing: install a container engine, or start with Servers=native", exception);
        }
    }
}

/// <summary>Deletes everything that an isolated shop wrote when the host is disposed, which is after its servers have stopped.</summary>
internal sealed class TemporaryData(IDistributedApplicationBuilder builder, DataFolders data, string artifacts)
    : IHostedService, IDisposable
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
