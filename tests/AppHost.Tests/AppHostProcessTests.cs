using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ForgeShop.Client;
using ForgeShop.TestSupport;

namespace ForgeShop.AppHost.Tests;

public sealed class AppHostProcessTests : IDisposable
{
    private const string Password = "Correct-Horse-1";
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    private readonly string artifacts = Directory.CreateTempSubdirectory("forgeshop-apphost-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        new Hosting.DataFolders(Path.Combine(artifacts, "data")).Delete();
        if (Directory.Exists(artifacts))
            Directory.Delete(artifacts, recursive: true);
    }

    /// <summary>
    /// Two starts, because a start is the slow part: the first is on a machine without Node.js and is killed, the second meets an
    /// unfriendly machine and is stopped.
    /// </summary>
    [Fact]
    public async Task Killed_shop_keeps_its_data_and_the_next_one_runs_behind_a_proxy_with_taken_ports()
    {
        var email = $"{Guid.NewGuid():n}@example.com";
        var programs = Directory.CreateDirectory(Path.Combine(artifacts, "programs"));
        LinkProgramsExcept(programs, "node", "npm", "npx");
        await using (var killed = ShopProcess.Start(artifacts, ["--no-dashboard", "--Fresh=true"], ("PATH", programs.FullName)))
        {
            var healthy = await killed.HealthyAsync(Cancellation);
            healthy.GetProperty("services").TryGetProperty("recommendations", out _).ShouldBeFalse();
            killed.Lines.ShouldContain(
                "recommendations: Node.js is missing: install it with 'apt-get install nodejs npm' (20 or newer); the shop starts without "
                + "it");
            using var http = new HttpClient { BaseAddress = Gateway(healthy) };
            using var customer = new ShopClient(http, new(email, Password));
            (await customer.RegisterAsync(new(email, Password), "Ada Lovelace", Cancellation)).Expect(HttpStatusCode.Created);
            using var known = new ShopClient(http, new(email, Password));
            (await known.SendAsync(HttpMethod.Get, "/api/v1/products/MUG-FORGE/recommendations", Cancellation))
                .Expect(HttpStatusCode.BadGateway);

            killed.Signal("KILL");
            await killed.ExitAsync(StopTimeout, Cancellation);
            await killed.NoProcessIsLeftAsync(Cancellation);
            File.Delete(killed.EndpointsFile); // it would be taken for the next shop's
        }

        using var other = Occupy(8080);
        // Nothing listens on the discard port: a request that goes through this proxy fails.
        await using var shop = ShopProcess.Start(
            artifacts, [], ("HTTP_PROXY", "http://127.0.0.1:9"), ("HTTPS_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", ""), ("no_proxy", ""));
        var endpoints = await shop.HealthyAsync(Cancellation);
        Gateway(endpoints).Port.ShouldNotBe(8080);
        endpoints.GetProperty("dashboard").GetString()!.ShouldContain("/login?t=");
        File.GetUnixFileMode(shop.EndpointsFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await KeptAsync(Gateway(endpoints), email);

        await using (var second = ShopProcess.Start(artifacts, []))
        {
            (await second.ExitAsync(StopTimeout, Cancellation)).ShouldBe(2);
            second.Lines.ShouldContain(line => line.StartsWith("apphost: this shop is running already", StringComparison.Ordinal));
        }

        var users = ProcessId(endpoints, "users");
        ShopProcess.Run("kill", "-KILL", $"{users}");
        await shop.HealthyAsync(Cancellation, now => ProcessId(now, "users") is { } again && again != users);
        shop.Lines.ShouldContain(line => line.StartsWith("users ended by itself", StringComparison.Ordinal));

        shop.Processes().Count.ShouldBeGreaterThan(8);
        shop.Signal("INT");
        (await shop.ExitAsync(StopTimeout, Cancellation)).ShouldBe(0);
        await shop.NoProcessIsLeftAsync(Cancellation);
        File.Exists(shop.EndpointsFile).ShouldBeFalse();
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task Shop_that_is_stopped_while_it_starts_ends_cleanly(string signal)
    {
        await using var shop = ShopProcess.Start(artifacts, ["--no-dashboard"]);
        await Eventually.True(
            "the orchestrator starts the resources",
            _ => Task.FromResult(shop.Processes().Any(process => process.Contains("run-controllers", StringComparison.Ordinal))),
            TimeSpan.FromMinutes(1), Cancellation);

        shop.Signal(signal);

        (await shop.ExitAsync(StopTimeout, Cancellation)).ShouldBe(0);
        await shop.NoProcessIsLeftAsync(Cancellation);
        shop.Lines.ShouldNotContain(line => line.Contains("Unhandled exception", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("perhaps", "apphost: Servers=perhaps is unknown: it is 'native' or 'containers'")]
    [InlineData("native", "apphost: Redis is missing: install it with 'apt-get install redis-server', or start a container engine")]
    [InlineData("containers", "apphost: Servers=containers needs a container engine and none answers: start one, or remove the setting")]
    public async Task Servers_that_cannot_run_end_the_start_with_one_line(string servers, string expected)
    {
        // An empty folder in the PATH hides Redis and the container engine.
        await using var shop = ShopProcess.Start(
            artifacts, ["--no-dashboard"], ("Servers", servers), ("PATH", "/usr/bin/env"), ("DOCKER_HOST", "tcp://127.0.0.1:9"));

        (await shop.ExitAsync(TimeSpan.FromMinutes(1), Cancellation)).ShouldBe(2);
        shop.Lines.Where(line => line.StartsWith("apphost:", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldBe(expected);
        File.Exists(shop.EndpointsFile).ShouldBeFalse();
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

    private static async Task KeptAsync(Uri gateway, string email)
    {
        using var http = new HttpClient { BaseAddress = gateway };
        using var customer = new ShopClient(http, new(email, Password));
        (await customer.GetAsync("/api/v1/users/me", Cancellation)).GetProperty("name").GetString().ShouldBe("Ada Lovelace");
    }

    private static Uri Gateway(JsonElement endpoints) => new(endpoints.GetProperty("gateway").GetString()!);

    private static int? ProcessId(JsonElement endpoints, string service) =>
        endpoints.GetProperty("services").GetProperty(service).GetProperty("pid") is { ValueKind: JsonValueKind.Number } pid
            ? pid.GetInt32() : null;
}
