using System.Reflection;
using System.Text.Json;

namespace ForgeShop.AppHost.Hosting;

internal static class ContainerEngine
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Returns whether a container engine answers, by the check that Aspire's orchestrator itself makes.</summary>
    /// <exception cref="DistributedApplicationException">The orchestrator does not answer.</exception>
    public static bool Answers(IDistributedApplicationBuilder builder)
    {
        var orchestrator = builder.AppHostAssembly!.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(metadata => string.Equals(metadata.Key, "dcpclipath", StringComparison.OrdinalIgnoreCase)).Value!;
        string[] runtime = builder.Configuration["ASPIRE_CONTAINER_RUNTIME"] is { Length: > 0 } name ? ["--container-runtime", name] : [];
        var (_, output, errors) = Programs.Run(orchestrator, Timeout, ["info", .. runtime]);
        try
        {
            using var info = JsonDocument.Parse(output);
            var containers = info.RootElement.GetProperty("containers");
            return containers.GetProperty("installed").GetBoolean() && containers.GetProperty("running").GetBoolean();
        }
        catch (JsonException exception)
        {
            throw new DistributedApplicationException($"the check for a container engine failed: {errors.Trim()}", exception);
        }
    }
}
