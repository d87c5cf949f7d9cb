using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ForgeShop.Client;
using ForgeShop.Journeys;
using ForgeShop.TestSupport;
using Npgsql;
using Xunit.v3;

[assembly: Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace ForgeShop.AppHost.Tests;

/// <summary>
/// The shop as <c>./forge up</c> runs it. It is started twice: first on a machine without Node.js, where it is killed; then behind a proxy
/// and with a taken port, where it runs for the tests, and is stopped.
/// </summary>
public sealed class UpFixture : IAsyncLifetime, IShopUnderTest
{
    private readonly TcpListener other = Occupy(8080);
    private ShopProcess? shop;

    internal ShopProcess Shop => shop ?? throw new InvalidOperationException("The shop is not started.");

    /// <summary>Gets the folder with all files of the shop.</summary>
    internal string Artifacts { get; } = Directory.CreateTempSubdirectory("forgeshop-apphost-").FullName;

    /// <summary>Gets the address of a customer who registered before the shop was killed.</summary>
    internal string KnownCustomer { get; } = $"{Guid.NewGuid():n}@example.com";

    public HttpClient Http { get; } = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static (string, string) Servers => (ServerMode.Variable, ServerMode.PreferNative);

    public async ValueTask InitializeAsync()
    {
        var programs = Directory.CreateDirectory(Path.Combine(Artifacts, "programs"));
        LinkProgramsExcept(programs, "node", "npm", "npx");
        await using (var killed = ShopProcess.Start(Artifacts, ["--no-dashboard", "--Fresh=true"], ("PATH", programs.FullName), Servers))
        {
            await UseWithoutNodeAsync(killed);
            killed.Signal("KILL");
            await killed.ExitAsync(Eventually.DefaultTimeout, Cancellation);
            await killed.NoProcessIsLeftAsync(Cancellation);
            File.Delete(killed.EndpointsFile); // it would be taken for the next shop's
        }

        // Nothing listens on the discard port: a request that goes through this proxy fails.
        shop = ShopProcess.Start(
            Artifacts, [],
            ("HTTP_PROXY", "http://127.0.0.1:9"), ("HTTPS_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", ""), ("no_proxy", ""), Servers);
        Http.BaseAddress = Gateway(await shop.HealthyAsync(Cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        other.Dispose();
        if (shop is not null)
            await StopAsync(shop);
        new Hosting.DataFolders(Path.Combine(Artifacts, "data")).Delete();
        Directory.Delete(Artifacts, recursive: true);
    }

    /// <summary>Stops the shop as Ctrl-C does, which leaves neither a process nor the endpoints file.</summary>
    private static async Task StopAsync(ShopProcess shop)
    {
        var processes = shop.Processes().Count;
        shop.Signal("INT");
        (await shop.ExitAsync(Eventually.DefaultTimeout, CancellationToken.None)).ShouldBe(0);
        await shop.NoProcessIsLeftAsync(CancellationToken.None);
        processes.ShouldBeGreaterThan(8);
        File.Exists(shop.EndpointsFile).ShouldBeFalse();
        await shop.DisposeAsync();
    }

    public async Task<string> Database(string service)
    {
        var server = (await Shop.HealthyAsync(Cancellation)).GetProperty("stores").GetProperty("postgres").GetString();
        return new NpgsqlConnectionStringBuilder(server) { Database = service }.ConnectionString;
    }

    public async Task KillAndRestart(string service, CancellationToken cancellationToken)
    {
        var killed = ProcessOf(await Shop.HealthyAsync(cancellationToken), service);
        ShopProcess.Run("kill", "-KILL", $"{killed}");
        var now = await Shop.HealthyAsync(
            cancellationToken, endpoints => ProcessOf(endpoints, service) is { } process && process != killed);
        var health = new Uri(new Uri(now.GetProperty("services").GetProperty(service).GetProperty("url").GetString()!), "/health");
        await Eventually.True(
            $"{service} is healthy again", async token => (await Http.GetAsync(health, token)).IsSuccessStatusCode,
            cancellationToken: cancellationToken);
        Shop.Lines.ShouldContain(line => line.StartsWith($"{service} ended by itself", StringComparison.Ordinal));
    }

    internal static Uri Gateway(JsonElement endpoints) => new(endpoints.GetProperty("gateway").GetString()!);

    private static int? ProcessOf(JsonElement endpoints, string service) =>
        endpoints.GetProperty("services").GetProperty(service).GetProperty("pid") is { ValueKind: JsonValueKind.Number } pid
            ? pid.GetInt32() : null;

    private async Task UseWithoutNodeAsync(ShopProcess killed)
    {
        var healthy = await killed.HealthyAsync(Cancellation);
        healthy.GetProperty("services").TryGetProperty("recommendations", out _).ShouldBeFalse();
        killed.Lines.ShouldContain(
            "recommendations: Node.js is missing: install it with 'apt-get install nodejs npm' (20 or newer); the shop starts without it");
        using var http = new HttpClient { BaseAddress = Gateway(healthy) };
        var account = new ShopLogin(KnownCustomer, ShopSteps.Password);
        using var customer = new ShopClient(http, account);
        (await customer.RegisterAsync(account, "Ada Lovelace", Cancellation)).Expect(HttpStatusCode.Created);
        (await customer.SendAsync(HttpMethod.Get, "/api/v1/products/MUG-FORGE/recommendations", Cancellation))
            .Expect(HttpStatusCode.BadGateway);
    }

    private static void LinkProgramsExcept(DirectoryInfo folder, params string[] hidden)
    {
        var programs = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator)
            .Where(Directory.Exists).SelectMany(Directory.GetFiles);
        foreach (var program in programs.DistinctBy(Path.GetFileName).Where(program => !hidden.Contains(Path.GetFileName(program))))
            File.CreateSymbolicLink(Path.Combine(folder.FullName, Path.GetFileName(program)), program);
    }

    /// <summary>Listens on a port, unless another program on this machine does so already.</summary>
    private static TcpListener Occupy(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            Hosting.Ports.IsFree(port).ShouldBeFalse();
        }

        return listener;
    }
}
