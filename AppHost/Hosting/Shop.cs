using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.AppHost.Hosting;

/// <summary>Runs the shop: one for each clone, on data that is kept or emptied, and with exit codes that a script can use.</summary>
internal static class Shop
{
    private const int CannotRun = 2;
    private const int DashboardPort = 15888;
    private const string NoDashboard = "--no-dashboard";

    /// <summary>Translates the AppHost's own arguments, --fresh and --no-dashboard, and sets the defaults of a development machine.</summary>
    public static DistributedApplicationOptions Options(string[] args)
    {
        Loopback.BypassProxies();
        string?[] environment = [Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT"), Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT")];
        // In any other environment Aspire would generate new passwords at each start.
        string[] development = environment.All(string.IsNullOrEmpty) ? ["--environment=Development"] : [];
        return new()
        {
            Args =
            [
                .. development,
                "--ASPIRE_ALLOW_UNSECURED_TRANSPORT=true",
                "--DcpPublisher:WaitForResourceCleanup=true",
                .. args.Where(argument => argument != NoDashboard).Select(argument => argument == "--fresh" ? "--Fresh=true" : argument),
            ],
            DisableDashboard = args.Contains(NoDashboard),
        };
    }

    /// <summary>Returns the name of a server's data volume: null for Aspire's default, which belongs to this clone; a new one for an isolated shop.</summary>
    public static string? DataVolume(this IDistributedApplicationBuilder builder, string server) =>
        builder.IsIsolated() ? $"forgeshop-{Guid.NewGuid():n}-{server}" : null;

    /// <summary>Runs the shop until it is stopped. Returns 0 after Ctrl-C; 2, and one line that says why, if the shop cannot run.</summary>
    public static async Task<int> RunShopAsync(this IDistributedApplicationBuilder builder, Servers servers, ShopEndpoints endpoints)
    {
        var artifacts = Directory.CreateDirectory(Path.Combine(builder.AppHostDirectory, "..", "artifacts", "run")).Parent!.FullName;
        var runFolder = Path.Combine(artifacts, "run");
        var isolated = builder.IsIsolated();
        try
        {
            using var onlyOne = isolated ? null : TakeLock(Path.Combine(runFolder, "apphost.lock"));
            var data = new DataFolders(isolated ? Path.Combine(Path.GetTempPath(), $"forgeshop-{Guid.NewGuid():n}") : Path.Combine(artifacts, "data"));
            if (builder.Configuration.GetValue<bool>("Fresh"))
            {
                data.Delete();
                DataVolumes.Remove(builder);
            }

            if (isolated)
                builder.Services.AddHostedService(_ => new DiscardedData(builder, data));
            builder.Apply(servers, data);
            builder.PreferDashboardPort(DashboardPort);
            builder.Services.AddSingleton(TimeProvider.System);
            builder.Services.AddHostedService<Supervisor>();

            var file = builder.Configuration["EndpointsFile"] ?? (isolated ? null : Path.Combine(runFolder, "endpoints.json"));
            if (file is not null)
            {
                File.Delete(file); // what a shop that was killed left behind
                builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<EndpointsFile>(services, endpoints, file));
            }

            await using var app = builder.Build();
            await app.RunAsync();
            return 0;
        }
        catch (DistributedApplicationException exception)
        {
            await Console.Error.WriteLineAsync($"apphost: {exception.Message}");
            return CannotRun;
        }
    }

    /// <summary>Returns whether this shop runs beside that of the clone, for a test: Aspire then chooses all ports.</summary>
    private static bool IsIsolated(this IDistributedApplicationBuilder builder) => builder.Configuration.GetValue<bool>("DcpPublisher:RandomizePorts");

    private static FileStream TakeLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new DistributedApplicationException($"this shop is running already ({path} is locked): stop it first", exception);
        }
    }
}
