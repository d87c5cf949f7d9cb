using System.ComponentModel;
using System.Diagnostics;

namespace ForgeShop.AppHost;

internal static partial class Shop
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Aspire has no call for it, so the container runtime is asked; a volume that is not there is no error.</summary>
    static partial void RemoveDataVolumes(IDistributedApplicationBuilder builder)
    {
        var volumes = builder.Resources
            .SelectMany(resource => resource.Annotations.OfType<ContainerMountAnnotation>())
            .Where(mount => mount is { Type: ContainerMountType.Volume, Source: not null })
            .Select(mount => mount.Source!);
        var runtime = builder.Configuration["ASPIRE_CONTAINER_RUNTIME"] ?? "docker";
        try
        {
            using var remove = Process.Start(runtime, ["volume", "rm", "--force", .. volumes]);
            if (!remove.WaitForExit(Patience) || remove.ExitCode != 0)
                throw new DistributedApplicationException($"{runtime} could not remove the data volumes: is a shop still running on them?");
        }
        catch (Win32Exception exception)
        {
            throw new DistributedApplicationException($"{runtime} is missing: install a container engine, or build with UseStandIns=true", exception);
        }
    }
}
