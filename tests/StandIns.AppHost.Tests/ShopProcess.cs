using System.Globalization;
using System.Text.Json;
using ForgeShop.StandIns.NativeServers;
using ForgeShop.TestSupport;

namespace ForgeShop.StandIns.AppHost.Tests;

/// <summary>The shop's AppHost as a process of its own, as ./forge up runs it, but on ports and data of the test's.</summary>
internal sealed class ShopProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private readonly NativeProcess process;
    private readonly string folder;

    private ShopProcess(NativeProcess process, string folder)
    {
        this.process = process;
        this.folder = folder;
    }

    public NativeProcess AppHost => process;

    public string EndpointsFile => Path.Combine(folder, "endpoints.json");

    /// <summary>One that the user postgres can enter, too.</summary>
    public static string NewFolder() => Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"forgeshop-standins-{Guid.NewGuid():n}")).FullName;

    /// <summary>Starts it.</summary>
    /// <param name="folder">For all that it writes.</param>
    /// <param name="environment">NAME=value, besides what the tests have.</param>
    public static async Task<ShopProcess> StartAsync(string folder, params string[] environment)
    {
        var process = await NativeProcess.StartAsync(new NativeProcessOptions
        {
            FileName = "env",
            // A shell may have started the tests with Ctrl-C switched off for what runs in its background.
            Arguments =
            [
                "--default-signal=INT", .. environment, "dotnet", Path.Combine(AppContext.BaseDirectory, "ForgeShop.AppHost.dll"),
                "--no-dashboard", "--DcpPublisher:RandomizePorts=true", $"--StandIns:DataFolder={Path.Combine(folder, "data")}",
                $"--EndpointsFile={Path.Combine(folder, "endpoints.json")}",
            ],
            WorkingDirectory = folder,
            KeepLines = 400,
        });
        return new ShopProcess(process, folder);
    }

    /// <summary>What the endpoints file says once the shop is healthy.</summary>
    public Task<JsonElement> HealthyAsync(CancellationToken cancellationToken) => ReadWhenAsync("the shop is healthy", _ => true, cancellationToken);

    public async Task<JsonElement> ReadWhenAsync(string what, Func<JsonElement, bool> condition, CancellationToken cancellationToken)
    {
        try
        {
            return await Eventually.Get(
                what,
                async token =>
                {
                    process.HasExited.ShouldBeFalse("the AppHost ended");
                    return File.Exists(EndpointsFile) ? JsonDocument.Parse(await File.ReadAllTextAsync(EndpointsFile, token)).RootElement : default;
                },
                endpoints => endpoints.ValueKind == JsonValueKind.Object && condition(endpoints),
                StartLimit,
                cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message}; the AppHost's last lines:\n{string.Join('\n', process.LastLines)}", exception);
        }
    }

    public static ProcessIdentity Service(JsonElement endpoints, string name) =>
        ProcessIdentity.Of(endpoints.GetProperty("services").GetProperty(name).GetProperty("pid").GetInt32())
            ?? throw new InvalidOperationException($"{name} does not run");

    /// <summary>As a terminal's Ctrl-C does: to everybody in the foreground group.</summary>
    public async Task PressCtrlCAsync()
    {
        await using var kill = await NativeProcess.StartAsync(new NativeProcessOptions
        {
            FileName = "kill",
            Arguments = ["-INT", "--", string.Create(CultureInfo.InvariantCulture, $"-{process.Id}")],
        });
        (await kill.Exited).ShouldBe(0);
    }

    public async ValueTask DisposeAsync() => await process.DisposeAsync();
}
