using System.Diagnostics;
using System.Net.Http.Json;
using ForgeShop.StandIns.NativeServers;

namespace ForgeShop.StandIns.AppHost.Tests;

public sealed class AppHostProcessTests
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_that_dies_is_started_again_a_second_AppHost_is_refused_and_Ctrl_C_leaves_nothing()
    {
        var folder = ShopProcess.NewFolder();
        await using var shop = await ShopProcess.StartAsync(folder);
        var endpoints = await shop.HealthyAsync(Cancellation);
        var secrets = Directory.GetFiles(folder, "secrets.json", SearchOption.AllDirectories).ShouldHaveSingleItem();
        foreach (var file in new[] { shop.EndpointsFile, secrets })
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);

        await using (var second = await ShopProcess.StartAsync(folder))
        {
            (await second.AppHost.Exited.WaitAsync(StopLimit, Cancellation)).ShouldBe(2);
            second.AppHost.LastLines.ShouldHaveSingleItem().ShouldContain("another AppHost");
        }

        var users = ShopProcess.Service(endpoints, "users");
        users.Signal(UnixSignal.Kill).ShouldBeTrue();
        await shop.ReadWhenAsync("users runs again", now => ShopProcess.Service(now, "users") is { } again && again != users, Cancellation);
        shop.AppHost.LastLines.ShouldContain(line => line.Contains("users died (signal 9)"));

        var everybody = shop.AppHost.Identity.Tree();
        everybody.Count.ShouldBeGreaterThan(9); // itself, six services, three servers
        var clock = Stopwatch.StartNew();
        await shop.PressCtrlCAsync();
        (await shop.AppHost.Exited.WaitAsync(StopLimit, Cancellation)).ShouldBe(0);
        clock.Elapsed.ShouldBeLessThan(StopLimit);
        everybody.ShouldAllBe(process => !process.IsAlive);
        File.Exists(shop.EndpointsFile).ShouldBeFalse();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_a_killed_AppHost_left_running_is_ended_by_the_next_one_and_the_data_is_kept()
    {
        var folder = ShopProcess.NewFolder();
        var (email, password) = ($"{Guid.NewGuid():n}@example.com", "Correct-Horse-1");
        await using (var killed = await ShopProcess.StartAsync(folder))
        {
            var endpoints = await killed.HealthyAsync(Cancellation);
            using var http = new HttpClient { BaseAddress = new Uri(endpoints.GetProperty("gateway").GetString()!) };
            using var answer = await http.PostAsJsonAsync("/api/v1/users", new { email, name = "Ada Lovelace", password }, Cancellation);
            answer.EnsureSuccessStatusCode();
            var location = answer.Headers.Location!;

            // Everybody hears from the kernel that the AppHost died; a paused service cannot act on it.
            var paused = ShopProcess.Service(endpoints, "reporting");
            paused.Signal(UnixSignal.Stop).ShouldBeTrue();
            try
            {
                killed.AppHost.Identity.Signal(UnixSignal.Kill).ShouldBeTrue();
                await killed.AppHost.Exited.WaitAsync(StopLimit, Cancellation);
                paused.IsAlive.ShouldBeTrue();

                await using var next = await ShopProcess.StartAsync(folder);
                var again = await next.ReadWhenAsync( // and not what the killed one wrote
                    "the next shop is healthy", now => ProcessIdOf(now, "gateway") != ProcessIdOf(endpoints, "gateway"), Cancellation);
                paused.IsAlive.ShouldBeFalse();
                using var client = new HttpClient { BaseAddress = new Uri(again.GetProperty("gateway").GetString()!) };
                using var login = await client.PostAsJsonAsync("/api/v1/auth/token", new { email, password }, Cancellation);
                var token = (await login.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Cancellation)).GetProperty("accessToken").GetString();
                client.DefaultRequestHeaders.Authorization = new("Bearer", token);
                (await client.GetStringAsync(location, Cancellation)).ShouldContain("Ada Lovelace");

                next.AppHost.Identity.Signal(UnixSignal.Terminate).ShouldBeTrue();
                (await next.AppHost.Exited.WaitAsync(StopLimit, Cancellation)).ShouldBe(0);
            }
            finally
            {
                paused.Signal(UnixSignal.Kill);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_is_not_installed_is_told_in_one_line_before_anything_is_started()
    {
        var folder = ShopProcess.NewFolder();
        // The loader finds this one first, and no library in it.
        await File.WriteAllTextAsync(Path.Combine(folder, "librdkafka.so.1"), "no library", Cancellation);
        await using (var shop = await ShopProcess.StartAsync(folder, $"LD_LIBRARY_PATH={folder}"))
        {
            (await shop.AppHost.Exited.WaitAsync(TimeSpan.FromMinutes(1), Cancellation)).ShouldBe(2);
            shop.AppHost.LastLines.Where(line => line.Length > 0).ShouldHaveSingleItem()
                .ShouldBe("apphost: librdkafka.so.1 is missing: install it with 'apt-get install librdkafka1'");
        }

        File.Exists(Path.Combine(folder, "endpoints.json")).ShouldBeFalse();
        Directory.Delete(folder, recursive: true);
    }

    private static int ProcessIdOf(System.Text.Json.JsonElement endpoints, string service) =>
        endpoints.GetProperty("services").GetProperty(service).GetProperty("pid").GetInt32();
}
