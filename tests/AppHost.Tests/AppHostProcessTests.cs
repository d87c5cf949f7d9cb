using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using ForgeShop.TestSupport;

namespace ForgeShop.AppHost.Tests;

public sealed class AppHostProcessTests : IDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    private readonly string artifacts = Directory.CreateTempSubdirectory("forgeshop-apphost-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        new Hosting.DataFolders(Path.Combine(artifacts, "data")).Delete();
        if (Directory.Exists(artifacts))
            Directory.Delete(artifacts, recursive: true);
    }

    [Fact]
    public async Task Shop_behind_a_proxy_and_taken_ports_starts_restarts_a_dead_service_and_stops()
    {
        using var other = Occupy(8080);
        // Nothing listens on the discard port: a request that goes through this proxy fails.
        await using var shop = ShopProcess.Start(
            artifacts, ["--Fresh=true"], ("HTTP_PROXY", "http://127.0.0.1:9"), ("HTTPS_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", ""), ("no_proxy", ""));
        var endpoints = await shop.HealthyAsync(Cancellation);

        new Uri(endpoints.GetProperty("gateway").GetString()!).Port.ShouldNotBe(8080);
        endpoints.GetProperty("dashboard").GetString()!.ShouldContain("/login?t=");
        File.GetUnixFileMode(shop.EndpointsFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await using (var second = ShopProcess.Start(artifacts, []))
        {
            (await second.ExitAsync(StopTimeout, Cancellation)).ShouldBe(2);
            second.Lines.ShouldContain(line => line.StartsWith("apphost: this shop is running already", StringComparison.Ordinal));
        }

        if (NodeService.Missing is null)
            await shop.HealthyAsync(Cancellation, now => now.GetProperty("services").TryGetProperty("recommendations", out _));

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

    [Fact]
    public async Task Killed_AppHost_leaves_no_process_and_its_data_is_kept()
    {
        var account = new { email = $"{Guid.NewGuid():n}@example.com", name = "Ada Lovelace", password = "Correct-Horse-1" };
        Uri user;
        await using (var killed = ShopProcess.Start(artifacts, ["--no-dashboard"]))
        {
            var endpoints = await killed.HealthyAsync(Cancellation);
            using var http = new HttpClient { BaseAddress = Gateway(endpoints) };
            using var answer = await http.PostAsJsonAsync("/api/v1/users", account, Cancellation);
            answer.EnsureSuccessStatusCode();
            user = answer.Headers.Location!;

            killed.Signal("KILL");
            await killed.ExitAsync(StopTimeout, Cancellation);
            await killed.NoProcessIsLeftAsync(Cancellation);
            File.Delete(killed.EndpointsFile); // it would be taken for the next shop's
        }

        // Random ports mark the shop as a temporary one, whose data goes with it. This one runs on a machine without Node.js.
        var programs = Directory.CreateTempSubdirectory("forgeshop-path-");
        LinkProgramsExcept(programs, "node", "npm", "npx");
        await using var next = ShopProcess.Start(
            artifacts, ["--no-dashboard", "--DcpPublisher:RandomizePorts=true"], ("PATH", programs.FullName));
        var healthy = await next.HealthyAsync(Cancellation);
        healthy.GetProperty("services").TryGetProperty("recommendations", out _).ShouldBeFalse();
        next.Lines.ShouldContain(
            "recommendations: Node.js is missing: install it with 'apt-get install nodejs npm' (20 or newer); the shop starts without it");
        using var client = new HttpClient { BaseAddress = Gateway(healthy) };
        using var form = new FormUrlEncodedContent(
            [new("grant_type", "password"), new("client_id", "shop"), new("username", account.email), new("password", account.password)]);
        using var login = await client.PostAsync(new Uri("/connect/token", UriKind.Relative), form, Cancellation);
        var token = (await login.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("access_token").GetString();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        (await client.GetStringAsync(user, Cancellation)).ShouldContain("Ada Lovelace");
        using var recommendations = await client.GetAsync(new Uri("/api/v1/products/MUG-FORGE/recommendations", UriKind.Relative), Cancellation);
        recommendations.StatusCode.ShouldBe(HttpStatusCode.BadGateway);

        next.Signal("TERM");
        (await next.ExitAsync(StopTimeout, Cancellation)).ShouldBe(0);
        await next.NoProcessIsLeftAsync(Cancellation);
        Directory.Exists(artifacts).ShouldBeFalse();
        programs.Delete(recursive: true);
    }

    [Theory]
    [InlineData("perhaps", "apphost: Servers=perhaps is unknown: it is 'native' or 'containers'")]
    [InlineData("native", "apphost: Redis is missing: install it with 'apt-get install redis-server', or start a container engine")]
    [InlineData("containers", "apphost: Servers=containers needs a container engine and none answers: start one, or remove the setting")]
    public async Task Servers_that_cannot_run_end_the_start_with_one_line(string servers, string expected)
    {
        // An empty folder in the PATH hides Redis and the container engine.
        await using var shop = ShopProcess.Start(artifacts, ["--no-dashboard"], ("Servers", servers), ("PATH", "/usr/bin/env"), ("DOCKER_HOST", "tcp://127.0.0.1:9"));

        (await shop.ExitAsync(TimeSpan.FromMinutes(1), Cancellation)).ShouldBe(2);
        shop.Lines.Where(line => line.StartsWith("apphost:", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldBe(expected);
        File.Exists(shop.EndpointsFile).ShouldBeFalse();
    }

    /// <summary>Makes a folder of links to all programs of the PATH but some.</summary>
    private static void LinkProgramsExcept(DirectoryInfo folder, params string[] hidden)
    {
        var programs = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Where(Directory.Exists).SelectMany(Directory.GetFiles);
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

    private static Uri Gateway(JsonElement endpoints) => new(endpoints.GetProperty("gateway").GetString()!);

    private static int? ProcessId(JsonElement endpoints, string service) =>
        endpoints.GetProperty("services").GetProperty(service).GetProperty("pid") is { ValueKind: JsonValueKind.Number } pid ? pid.GetInt32() : null;
}
