using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace ForgeShop.AppHost.Hosting;

/// <summary>The content of the file: the parts of the running shop that a script needs.</summary>
internal sealed record ShopEndpoints(
    IResourceBuilder<ProjectResource> Gateway, ExecutableResource Migrator, ParameterResource AdminEmail, ParameterResource AdminPassword,
    Dictionary<string, IResourceBuilder<IResourceWithConnectionString>> Stores);

/// <summary>The path of the file. The operator's tool reads it to find the running shop.</summary>
internal sealed record EndpointsFileLocation(string Path);

/// <summary>
/// Prints the URLs once everything is healthy, and writes them with process IDs and connection strings to a file that only its owner can
/// read. The file follows each restart of a service; the end of the shop removes it.
/// </summary>
internal sealed class EndpointsFile(
    ShopEndpoints shop, EndpointsFileLocation location, DistributedApplicationModel model, ResourceNotificationService notifications,
    IConfiguration configuration)
    : BackgroundService
{
    private const string Dashboard = "aspire-dashboard";
    private static readonly JsonSerializerOptions Indented = new()
    { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string path = location.Path;
    private readonly Dictionary<string, CustomResourceSnapshot> latest = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> announced = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wanted = model.Resources
            .Where(resource =>
            resource is (ProjectResource or IResourceWithConnectionString) && !resource.HasAnnotationOfType<ExplicitStartupAnnotation>())
            .Select(resource => resource.Name).ToList();
        var (wasHealthy, written) = (false, string.Empty);
        try
        {
            await foreach (var update in notifications.WatchAsync(stoppingToken))
            {
                latest[update.Resource.Name] = update.Snapshot;
                wasHealthy = wasHealthy || wanted.TrueForAll(IsHealthy);
                if (!wasHealthy)
                    continue;

                var content = await DescribeAsync(stoppingToken);
                if (content != written)
                    Replace(written = content);
                Announce("gateway", shop.Gateway.GetEndpoint("http").Url);
                Announce("dashboard", DashboardUrl);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private string? DashboardUrl =>
        IsHealthy(Dashboard) && latest[Dashboard].Urls.FirstOrDefault(url => url.Name is "http" or "https") is { } url
        ? new Uri(new Uri(url.Url), $"/login?t={configuration["AppHost:BrowserToken"]}").ToString()
        : null;

    private bool IsHealthy(string resource) => latest.GetValueOrDefault(resource)?.HealthStatus == HealthStatus.Healthy;

    private async Task<string> DescribeAsync(CancellationToken cancellationToken)
    {
        var services = new JsonObject();
        // A service on Node.js may be installing its packages still, or it has failed to. The shop is ready without it.
        foreach (var service in model.Resources.OfType<IResourceWithEndpoints>()
            .Where(service => service.IsService() && (service is ProjectResource || IsHealthy(service.Name))))
            services[service.Name] = new JsonObject { ["url"] = service.GetEndpoint("http").Url, ["pid"] = ProcessId(service.Name) };

        var stores = new JsonObject();
        foreach (var (name, store) in shop.Stores)
            stores[name] = await store.Resource.GetConnectionStringAsync(cancellationToken);

        return new JsonObject
        {
            ["gateway"] = shop.Gateway.GetEndpoint("http").Url,
            ["dashboard"] = DashboardUrl,
            ["admin"] = new JsonObject
            {
                ["email"] = await shop.AdminEmail.GetValueAsync(cancellationToken),
                ["password"] = await shop.AdminPassword.GetValueAsync(cancellationToken),
            },
            ["services"] = services,
            ["stores"] = stores,
        }.ToJsonString(Indented);
    }

    private int? ProcessId(string service) =>
        latest[service].Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value is { } id
            ? Convert.ToInt32(id)
            : null;

    private void Announce(string what, string? url)
    {
        if (url is not null && announced.Add(what))
            Console.WriteLine($"{what}: {url}");
    }

    /// <summary>Replaces the file atomically. The permissions are set before the first byte, so only its owner can ever read it.</summary>
    private void Replace(string content)
    {
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(draft, options))
            writer.WriteLine(content);
        File.Move(draft, path, overwrite: true);
    }
}
