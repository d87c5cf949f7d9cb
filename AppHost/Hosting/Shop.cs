using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;

namespace ForgeShop.AppHost.Hosting;

/// <summary>Runs the shop: one instance for each clone, with persistent or fresh data, and with exit codes for scripts.</summary>
internal static class Shop
{
    private const int CannotRun = 2;
    private const int DashboardPort = 15888;
    private const string NoDashboard = "--no-dashboard";

    /// <summary>Translates --fresh and --no-dashboard, and sets the defaults of a development machine.</summary>
    public static DistributedApplicationOptions Options(string[] args)
    {
        BypassProxies();
        string?[] environment =
            [Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT"), Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT")];
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

    /// <summary>Returns the name of a server's data volume; each artifacts folder has its own.</summary>
    public static string DataVolume(this IDistributedApplicationBuilder builder, string server) =>
        $"forgeshop-{DataFolders.HashOf(builder.Artifacts())}-{server}";

    /// <summary>Runs the shop until it is stopped. Returns 0 after Ctrl-C; 2 and a one-line error if the shop cannot run.</summary>
    /// <exception cref="DistributedApplicationException">An isolated shop cannot run; its host prints the error.</exception>
    public static async Task<int> RunShopAsync(this IDistributedApplicationBuilder builder, Servers servers, ShopEndpoints endpoints)
    {
        var run = Directory.CreateDirectory(Path.Combine(builder.Artifacts(), "run")).FullName;
        try
        {
            using var onlyOne = TakeLock(Path.Combine(run, "apphost.lock"));
            var data = new DataFolders(Path.Combine(builder.Artifacts(), "data"));
            if (builder.Configuration.GetValue<bool>("Fresh"))
            {
                data.Empty();
                DataVolumes.Remove(builder);
            }

            if (builder.IsIsolated())
                builder.Services.AddHostedService(_ => new TemporaryData(builder, data, builder.Artifacts()));
            try
            {
                builder.Apply(servers, data);
            }
            catch (DistributedApplicationException) when (builder.IsIsolated())
            {
                // Without an application, nothing else removes the temporary data.
                data.Delete();
                Directory.Delete(builder.Artifacts(), recursive: true);
                throw;
            }

            endpoints.Gateway.AddEmptyDataCommand(endpoints.Migrator, data);
            builder.PreferDashboardPort(DashboardPort);
            builder.Services.AddSingleton(TimeProvider.System);
            // Aspire's own API stores its keys in the user's profile and logs that they are not encrypted.
            builder.Services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error));
            builder.Services.AddHostedService<Supervisor>();

            var file = new EndpointsFileLocation(Path.Combine(run, "endpoints.json"));
            File.Delete(file.Path); // a killed shop leaves its file behind
            builder.Services.AddSingleton(file);
            builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<EndpointsFile>(services, endpoints));

            await using var app = builder.Build();
            var lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
            // A closed terminal stops the shop as Ctrl-C does; the host itself handles SIGINT and SIGTERM only.
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                lifetime.StopApplication();
            });
            try
            {
                await app.RunAsync();
            }
            catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
            {
                // Stopped while it started.
            }

            return 0;
        }
        catch (DistributedApplicationException exception) when (!builder.IsIsolated())
        {
            await Console.Error.WriteLineAsync($"apphost: {exception.Message}");
            return CannotRun;
        }
    }

    /// <summary>
    /// Returns the root folder of all files that the shop writes: <c>Artifacts</c> from the configuration, artifacts/ of this clone, or a
    /// new temporary folder for an isolated shop.
    /// </summary>
    private static string Artifacts(this IDistributedApplicationBuilder builder) =>
        builder.Configuration["Artifacts"] ??= builder.IsIsolated()
        ? Path.Combine(Path.GetTempPath(), $"forgeshop-{Guid.NewGuid():n}")
        : Path.GetFullPath(Path.Combine(builder.AppHostDirectory, "..", "artifacts"));

    /// <summary>Returns whether this shop runs beside the clone's own: Aspire chooses all ports, the data is temporary.</summary>
    public static bool IsIsolated(this IDistributedApplicationBuilder builder) =>
        builder.Configuration.GetValue<bool>("DcpPublisher:RandomizePorts");

    /// <summary>Excludes traffic within this machine from a proxy in HTTP_PROXY, for this process and its children.</summary>
    private static void BypassProxies()
    {
        foreach (var name in (string[])["NO_PROXY", "no_proxy"])
        {
            var present = (Environment.GetEnvironmentVariable(name) ?? "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            Environment.SetEnvironmentVariable(name, string.Join(',', present.Union(["localhost", "127.0.0.1", "::1"])));
        }
    }

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
