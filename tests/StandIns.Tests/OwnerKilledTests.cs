using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using ForgeShop.StandIns.NativeServers;

namespace ForgeShop.StandIns.Tests;

/// <summary>An owner that is killed cannot clean up: the kernel tells its servers, and the next owner ends whoever is left.</summary>
public sealed class OwnerKilledTests
{
    private const string FolderVariable = "FORGESHOP_STANDINS_OWNER_FOLDER";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_server_survives_an_owner_that_is_killed_and_the_next_owner_finds_the_data()
    {
        await using var folder = TemporaryFolder.Open();
        using var owner = StartOwner(folder.Path);
        var servers = await EventuallyAsync(() => Report(folder.Path), report => report.Length == 3);
        servers.ShouldAllBe(server => server.IsAlive);

        owner.Kill();

        await EventuallyAsync(() => servers.Count(server => server.IsAlive), alive => alive == 0);
        await using var postgres = await PostgresServer.StartAsync(new() { DataFolder = folder.For("postgres"), Fast = true }, Token);
        await using var redis = await RedisServer.StartAsync(new() { DataFolder = folder.For("redis") }, Token);
        await using var kafka = await KafkaBroker.StartAsync(new() { DataFolder = folder.For("kafka") }, Token);
    }

    [Fact]
    public async Task A_server_that_was_left_behind_all_the_same_is_ended_by_the_next_owner_of_its_folder()
    {
        await using var folder = TemporaryFolder.Open();
        var path = folder.For("server");
        await using var server = await NativeProcess.StartAsync(new() { FileName = "sleep", Arguments = ["64"] });
        await using (var first = await DataFolder.OpenAsync(path, null, null, Token))
            first.Record(server);

        var said = new List<string>();
        await using var second = await DataFolder.OpenAsync(path, null, said.Add, Token);

        server.Identity.IsAlive.ShouldBeFalse();
        said.ShouldHaveSingleItem().ShouldBe($"ending sleep ({server.Id}), left behind by an owner that was killed");
    }

    [Fact]
    public async Task A_process_that_merely_has_the_same_number_is_left_alone()
    {
        await using var folder = TemporaryFolder.Open();
        var path = folder.For("server");
        await using var innocent = await NativeProcess.StartAsync(new() { FileName = "sleep", Arguments = ["65"] });
        await using (var first = await DataFolder.OpenAsync(path, null, null, Token))
        {
            first.Record(innocent);
            var runFile = Path.Combine(path, "server.run");
            var fields = (await File.ReadAllTextAsync(runFile, Token)).Split(' ');
            fields[1] = (ulong.Parse(fields[1]) - 1).ToString(); // the server of the note started a tick earlier
            await File.WriteAllTextAsync(runFile, string.Join(' ', fields), Token);
        }

        await using var second = await DataFolder.OpenAsync(path, null, null, Token);

        innocent.Identity.IsAlive.ShouldBeTrue();
    }

    [Fact]
    public async Task Folders_of_test_runs_that_were_killed_are_removed_by_the_next_run()
    {
        var gone = Path.Combine(Path.GetTempPath(), $"forgeshop-test-{int.MaxValue}-1-stale-{Guid.NewGuid():N}");
        var alive = TestFolder.Create("alive");
        Directory.CreateDirectory(gone);
        Directory.CreateDirectory(alive);

        await TestFolder.SweepAsync();

        Directory.Exists(gone).ShouldBeFalse();
        Directory.Exists(alive).ShouldBeTrue();
        await DataFolder.DeleteAsync(alive, Token);
    }

    /// <summary>Not a test: the owner that the first test above starts as a process of its own, and kills.</summary>
    [Fact(Explicit = true)]
    public async Task Own_three_servers_until_killed()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(folder is null, "only for the process that the first test starts");
        await using var postgres = await PostgresServer.StartAsync(new() { DataFolder = Path.Combine(folder, "postgres"), Fast = true }, Token);
        await using var redis = await RedisServer.StartAsync(new() { DataFolder = Path.Combine(folder, "redis") }, Token);
        await using var kafka = await KafkaBroker.StartAsync(new() { DataFolder = Path.Combine(folder, "kafka") }, Token);
        var report = JsonSerializer.Serialize(new[] { postgres.Process.Identity, redis.Process.Identity, kafka.Process.Identity });
        await File.WriteAllTextAsync(Path.Combine(folder, "report.new"), report, Token);
        File.Move(Path.Combine(folder, "report.new"), Path.Combine(folder, "report.json"));
        await Task.Delay(TimeSpan.FromMinutes(1), Token);
    }

    private static ProcessIdentity[] Report(string folder)
    {
        var file = Path.Combine(folder, "report.json");
        return File.Exists(file) ? JsonSerializer.Deserialize<ProcessIdentity[]>(File.ReadAllText(file))! : [];
    }

    private static Process StartOwner(string folder)
    {
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        var start = new ProcessStartInfo(dotnet)
        {
            ArgumentList =
            {
                typeof(OwnerKilledTests).Assembly.Location, "-explicit", "only",
                "-method", $"{typeof(OwnerKilledTests).FullName}.{nameof(Own_three_servers_until_killed)}",
            },
            Environment = { [FolderVariable] = folder },
            RedirectStandardOutput = true,
        };
        return Process.Start(start).ShouldNotBeNull();
    }
}
