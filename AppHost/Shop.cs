using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.AppHost;

/// <summary>Runs the shop: one a clone, on data that is kept or emptied, and with exit codes that a script can use.</summary>
internal static partial class Shop
{
    private const int CannotRun = 2;
    private const string NoDashboard = "--no-dashboard";

    /// <summary>--fresh and --no-dashboard need no value here; and unless a launch profile or somebody says otherwise, this is development.</summary>
    public static DistributedApplicationOptions Options(string[] args)
    {
        string?[] environment = [Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT"), Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT")];
        string[] development = environment.All(string.IsNullOrEmpty) ? ["--environment=Development"] : [];
        return new()
        {
            Args = [.. development, .. args.Where(argument => argument != NoDashboard).Select(argument => argument == "--fresh" ? "--Fresh=true" : argument)],
            DisableDashboard = args.Contains(NoDashboard),
        };
    }

    /// <summary>The name of a server's data volume: null lets Aspire choose the one that belongs to this clone; a test gets one of its own.</summary>
    public static string? DataVolume(this IDistributedApplicationBuilder builder, string server) =>
        builder.IsIsolated() ? $"forgeshop-{Guid.NewGuid():n}-{server}" : null;

    /// <summary>0 after Ctrl-C; 2, and one line that says why, where the shop cannot run.</summary>
    public static async Task<int> RunShopAsync(this IDistributedApplicationBuilder builder, ShopEndpoints endpoints)
    {
        var runFolder = Directory.CreateDirectory(Path.Combine(builder.AppHostDirectory, "..", "artifacts", "run")).FullName;
        var isolated = builder.IsIsolated();
        try
        {
            using var onlyOne = isolated ? null : TakeLock(Path.Combine(runFolder, "apphost.lock"));
            if (builder.Configuration.GetValue<bool>("Fresh"))
                RemoveDataVolumes(builder);
            builder.Configuration.DropTakenUrls("ASPNETCORE_URLS", "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL");

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
        finally
        {
            if (isolated)
                RemoveDataVolumes(builder);
        }
    }

    /// <summary>Tests, and whoever else runs a second shop beside this clone's: Aspire then chooses all ports.</summary>
    private static bool IsIsolated(this IDistributedApplicationBuilder builder) => builder.Configuration.GetValue<bool>("DcpPublisher:RandomizePorts");

    /// <summary>Only containers have volumes.</summary>
    static partial void RemoveDataVolumes(IDistributedApplicationBuilder builder);

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
