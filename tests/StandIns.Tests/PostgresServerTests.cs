using System.Net;
using System.Net.Sockets;
using ForgeShop.StandIns.NativeServers;
using Npgsql;

namespace ForgeShop.StandIns.Tests;

public sealed class PostgresServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_shop_s_server_is_durable_keeps_its_data_and_its_password_and_listens_on_loopback_only()
    {
        await using var folder = TemporaryFolder.Open();
        var options = new PostgresServerOptions { DataFolder = folder.For("postgres") };

        string password;
        await using (var server = await PostgresServer.StartAsync(options, Token))
        {
            password = server.Password;
            password.Length.ShouldBeGreaterThanOrEqualTo(32);
            await server.CreateDatabaseAsync("orders", Token);
            await server.CreateDatabaseAsync("orders", Token); // a second time is no error
            await ExecuteAsync(server.GetConnectionString("orders"), "CREATE TABLE t (x int); INSERT INTO t VALUES (42)");
            (await ScalarAsync(server, "SHOW fsync")).ShouldBe("on");
            (await ScalarAsync(server, "SHOW synchronous_commit")).ShouldBe("on");
            (await ScalarAsync(server, "SHOW listen_addresses")).ShouldBe("127.0.0.1");
            (await ScalarAsync(server, "SHOW unix_socket_directories")).ShouldBe("");
            (await ScalarAsync(server, "SHOW max_connections")).ShouldBe("300");
            (await ScalarAsync(server, "SELECT lower('ÄÖÜ')")).ShouldBe("äöü");
            Convert.ToString((int)File.GetUnixFileMode(Path.Combine(server.DataFolder, "password")), 8).ShouldBe("600");
            Convert.ToString((int)File.GetUnixFileMode(server.DataFolder), 8).ShouldBe("700");
        }

        await using var again = await PostgresServer.StartAsync(options, Token);
        again.Password.ShouldBe(password);
        (await ScalarAsync(again, "SELECT x FROM t", "orders")).ShouldBe(42);
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        await using var folder = TemporaryFolder.Open();
        await using var server = await PostgresServer.StartAsync(new() { DataFolder = folder.For("postgres"), Fast = true }, Token);

        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "wrong", Pooling = false }.ConnectionString;

        (await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(wrong, "SELECT 1"))).SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
    }

    [Fact]
    public async Task A_password_that_is_given_later_takes_the_old_one_s_place()
    {
        await using var folder = TemporaryFolder.Open();
        var options = new PostgresServerOptions { DataFolder = folder.For("postgres"), Fast = true };
        await using (var server = await PostgresServer.StartAsync(options, Token))
            (await ScalarAsync(server, "SELECT 1")).ShouldBe(1);

        await using (var server = await PostgresServer.StartAsync(options with { Password = "new 'quoted' one;" }, Token))
            (await ScalarAsync(server, "SELECT 1")).ShouldBe(1);

        await using var last = await PostgresServer.StartAsync(options, Token);
        last.Password.ShouldBe("new 'quoted' one;");
        (await ScalarAsync(last, "SELECT 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_given_port_that_is_taken_is_one_clear_line_and_a_free_one_is_found_otherwise()
    {
        await using var folder = TemporaryFolder.Open();
        using var listener = new TcpListener(IPAddress.Loopback, FreePort.Next());
        listener.Start();
        var taken = ((IPEndPoint)listener.LocalEndpoint).Port;
        var options = new PostgresServerOptions { DataFolder = folder.For("postgres"), Fast = true };

        var exception = await Should.ThrowAsync<NativeServerException>(() => PostgresServer.StartAsync(options with { Port = taken }, Token));
        exception.Message.ShouldBe($"port {taken} is taken by another program");

        await using var server = await PostgresServer.StartAsync(options with { Port = FreePort.Prefer(taken) }, Token);
        server.Port.ShouldNotBe(taken);
    }

    [Fact]
    public async Task A_folder_in_use_is_refused_and_its_server_left_in_peace()
    {
        await using var folder = TemporaryFolder.Open();
        var options = new PostgresServerOptions { DataFolder = folder.For("postgres"), Fast = true };
        await using var server = await PostgresServer.StartAsync(options, Token);

        var exception = await Should.ThrowAsync<NativeServerException>(() => PostgresServer.StartAsync(options, Token));

        exception.Message.ShouldEndWith("is in use by another running program");
        (await ScalarAsync(server, "SELECT 1")).ShouldBe(1);
    }

    [Fact]
    public async Task Where_the_server_s_user_cannot_enter_the_data_goes_to_a_private_folder_and_one_line_says_so()
    {
        Assert.SkipUnless(UnixUser.IsRoot, "only root starts the server as another user");
        await using var folder = TemporaryFolder.Private();
        var said = new List<string>();
        var options = new PostgresServerOptions { DataFolder = folder.For("postgres"), Fast = true, Log = said.Add };

        string place;
        await using (var server = await PostgresServer.StartAsync(options, Token))
        {
            place = server.DataFolder;
            place.ShouldStartWith("/var/tmp/forgeshop-");
            Convert.ToString((int)File.GetUnixFileMode(place), 8).ShouldBe("700");
            said.ShouldHaveSingleItem().ShouldBe($"the user postgres cannot enter {options.DataFolder}: the data is in {place}");
            await server.CreateDatabaseAsync("kept", Token);
        }

        await using (var again = await PostgresServer.StartAsync(options, Token))
        {
            again.DataFolder.ShouldBe(place);
            (await ScalarAsync(again, "SELECT count(*) FROM pg_database WHERE datname = 'kept'")).ShouldBe(1L);
        }

        await DataFolder.DeleteAsync(options.DataFolder, Token);
        Directory.Exists(place).ShouldBeFalse();
    }

    [Fact]
    public async Task A_server_that_is_killed_is_noticed_and_has_all_that_was_committed_when_it_is_started_again_on_its_port()
    {
        await using var folder = TemporaryFolder.Open();
        var options = new PostgresServerOptions { DataFolder = folder.For("postgres") };
        var server = await PostgresServer.StartAsync(options, Token);
        await ExecuteAsync(server.ConnectionString, "CREATE TABLE t (x int); INSERT INTO t VALUES (1)");
        var port = server.Port;
        NpgsqlConnection.ClearAllPools();

        server.Process.Identity.Signal(UnixSignal.Kill).ShouldBeTrue();
        (await server.Process.Exited.WaitAsync(Limit, Token)).ShouldBe(128 + 9);
        await server.DisposeAsync();

        await using var again = await PostgresServer.StartAsync(options with { Port = port }, Token);
        again.Port.ShouldBe(port);
        (await ScalarAsync(again, "SELECT x FROM t")).ShouldBe(1);
    }

    [Fact]
    public async Task An_interrupted_start_leaves_no_process_and_no_lock()
    {
        await using var folder = TemporaryFolder.Open();
        var options = new PostgresServerOptions { DataFolder = folder.For("postgres"), Fast = true, Settings = ["no_such_setting=1"] };

        var exception = await Should.ThrowAsync<NativeServerException>(() => PostgresServer.StartAsync(options, Token));

        exception.Message.ShouldContain("no_such_setting");
        await using var server = await PostgresServer.StartAsync(options with { Settings = [] }, Token);
        (await ScalarAsync(server, "SELECT 1")).ShouldBe(1);
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }

    private static async Task<object?> ScalarAsync(PostgresServer server, string sql, string database = "postgres")
    {
        await using var source = NpgsqlDataSource.Create(server.GetConnectionString(database));
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Token);
    }
}
