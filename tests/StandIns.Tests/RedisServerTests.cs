using ForgeShop.StandIns.NativeServers;
using StackExchange.Redis;

namespace ForgeShop.StandIns.Tests;

public sealed class RedisServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_shop_s_server_asks_for_its_password_and_keeps_its_data_even_when_killed()
    {
        await using var folder = TemporaryFolder.Private();
        var options = new RedisServerOptions { DataFolder = folder.For("redis"), Password = "a \"quoted\" one" };
        var server = await RedisServer.StartAsync(options, Token);
        using (var client = await ConnectAsync(server.Port, options.Password))
            (await client.GetDatabase().StringSetAsync("user:1", "Ada")).ShouldBeTrue();
        await Should.ThrowAsync<RedisConnectionException>(async () => (await ConnectAsync(server.Port, null)).Dispose());
        Convert.ToString((int)File.GetUnixFileMode(Path.Combine(server.DataFolder, "redis.conf")), 8).ShouldBe("600");

        await Task.Delay(1_100, Token); // appendfsync everysec
        await server.Process.KillAsync();
        await server.DisposeAsync();

        await using var again = await RedisServer.StartAsync(options with { Port = server.Port }, Token);
        using var reader = await ConnectAsync(again.Port, options.Password);
        ((string?)await reader.GetDatabase().StringGetAsync("user:1")).ShouldBe("Ada");
    }

    [Fact]
    public async Task A_test_s_server_keeps_its_data_over_a_clean_stop()
    {
        await using var folder = TemporaryFolder.Private();
        var options = new RedisServerOptions { DataFolder = folder.For("redis"), Fast = true };
        await using (var server = await RedisServer.StartAsync(options, Token))
        {
            using var client = await ConnectAsync(server.Port, null);
            await client.GetDatabase().StringSetAsync("k", "v");
        }

        await using var again = await RedisServer.StartAsync(options, Token);
        using var reader = await ConnectAsync(again.Port, null);
        ((string?)await reader.GetDatabase().StringGetAsync("k")).ShouldBe("v");
    }

    private static Task<ConnectionMultiplexer> ConnectAsync(int port, string? password) => ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
    {
        EndPoints = { { "127.0.0.1", port } },
        Password = password,
        AbortOnConnectFail = true,
    });
}
