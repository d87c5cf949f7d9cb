using System.Runtime.InteropServices;
using ForgeShop.StandIns.NativeServers;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>The Aspire CLI in artifacts/tools, installed once with npm.</summary>
internal sealed class DashboardInstallation(string artifacts, ILogger logger)
{
    private const string Version = "13.5.4";
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    private static readonly string Package = $"@microsoft/aspire-cli-linux-{(IsMusl ? "musl-" : null)}{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    private readonly string folder = Path.Combine(artifacts, "tools", "aspire-cli", Version);

    public string Program => ProgramIn(folder);

    public string Home => Path.Combine(artifacts, "tools", "aspire-cli", "home");

    private static bool IsMusl => RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal);

    public string? FindMissing() => File.Exists(Program) || IsOnPath("npm")
        ? null
        : "it comes as an npm package and npm is missing: install it with 'apt-get install nodejs npm'";

    /// <summary>Installs it unless it is there. What npm leaves half done is never taken for an installation.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Home);
        if (File.Exists(Program))
            return;

        var started = TimeProvider.System.GetTimestamp();
        var draft = $"{folder}.{Guid.NewGuid():n}";
        Directory.CreateDirectory(draft);
        try
        {
            logger.LogInformation("dashboard: installing {Package} {Version} with npm, once (35 MB); the shop does not wait for it", Package, Version);
            await RunNpmAsync(draft, started, cancellationToken);
            Directory.Move(draft, folder);
            logger.LogInformation("dashboard: installed in {Seconds:0} s", TimeProvider.System.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception exception) when (exception is NativeServerException or IOException)
        {
            throw new ResourceUnavailableException($"no dashboard: {exception.Message}. The shop runs without it.", exception);
        }
        finally
        {
            if (Directory.Exists(draft))
                Directory.Delete(draft, recursive: true);
        }
    }

    private async Task RunNpmAsync(string target, long started, CancellationToken cancellationToken)
    {
        await using var npm = await NativeProcess.StartAsync(new NativeProcessOptions
        {
            FileName = "npm",
            Arguments = ["install", "--prefix", target, "--no-save", "--no-audit", "--no-fund", "--loglevel", "error", $"{Package}@{Version}"],
            WorkingDirectory = target,
        });
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(InstallLimit);
        try
        {
            while (await Task.WhenAny(npm.Exited, Task.Delay(ProgressInterval, limit.Token)) != npm.Exited)
            {
                limit.Token.ThrowIfCancellationRequested();
                logger.LogInformation("dashboard: still installing, {Seconds:0} s", TimeProvider.System.GetElapsedTime(started).TotalSeconds);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NativeServerException($"npm did not install {Package} {Version} within {InstallLimit.TotalMinutes:0} minutes");
        }

        if (await npm.Exited != 0 || !File.Exists(ProgramIn(target)))
            throw new NativeServerException($"npm could not install {Package} {Version} ({npm.LastLines.FirstOrDefault(line => line.Length > 0) ?? "it did not say why"})");
    }

    private static string ProgramIn(string folder) => Path.Combine(folder, "node_modules", Package.Replace('/', Path.DirectorySeparatorChar), "bin", "aspire");

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(path => path.Length > 0 && File.Exists(Path.Combine(path, program)));
}
