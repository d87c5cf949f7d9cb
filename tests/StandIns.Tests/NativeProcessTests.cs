using System.Diagnostics;
using ForgeShop.StandIns.NativeServers;

namespace ForgeShop.StandIns.Tests;

public sealed class NativeProcessTests
{
    [Fact]
    public async Task A_process_leads_a_session_of_its_own()
    {
        await using var process = await NativeProcess.StartAsync(Shell("sleep 60"));

        var session = await EventuallyAsync(() => SessionOf(process.Id), session => session == process.Id);

        session.ShouldBe(process.Id);
    }

    [Fact]
    public async Task Its_lines_and_its_exit_code_are_reported()
    {
        var lines = new List<NativeProcessLine>();
        await using var process = await NativeProcess.StartAsync(Shell("for i in 1 2 3 4; do echo out $i; done; echo wrong >&2; exit 7") with
        {
            OnLine = lines.Add,
            KeepLines = 3,
        });

        (await process.Exited.WaitAsync(Limit)).ShouldBe(7);

        lines.Count.ShouldBe(5);
        lines.ShouldContain(new NativeProcessLine("out 4", IsError: false));
        lines.ShouldContain(new NativeProcessLine("wrong", IsError: true));
        process.LastLines.Count.ShouldBe(3);
        process.HasExited.ShouldBeTrue();
    }

    [Fact]
    public async Task A_clean_stop_lets_it_say_goodbye()
    {
        var process = await NativeProcess.StartAsync(Shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"));
        await EventuallyAsync(() => process.LastLines, lines => lines.Contains("ready"));

        (await process.StopAsync()).ShouldBe(0);

        process.LastLines.ShouldContain("bye");
    }

    [Fact]
    public async Task Whoever_does_not_listen_is_killed_with_all_descendants_even_those_in_sessions_of_their_own()
    {
        var process = await NativeProcess.StartAsync(Shell("trap '' TERM; setsid sleep 61 & sleep 62 & echo ready; while :; do sleep 0.05; done"));
        await EventuallyAsync(() => process.LastLines, lines => lines.Contains("ready"));
        var family = await EventuallyAsync(process.Identity.Tree, tree => tree.Count >= 3);

        var clock = Stopwatch.StartNew();
        await process.StopAsync(TimeSpan.FromMilliseconds(300));

        clock.Elapsed.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(250));
        await EventuallyAsync(() => family.Count(one => one.IsAlive), alive => alive == 0);
    }

    [Fact]
    public async Task Children_that_outlive_their_parent_are_ended_with_it()
    {
        var process = await NativeProcess.StartAsync(Shell("sleep 63 & echo $!; exit 0"));
        await EventuallyAsync(() => process.LastLines, lines => lines.Count == 1);
        var child = ProcessIdentity.Of(int.Parse(process.LastLines[0])).ShouldNotBeNull();

        await process.StopAsync();

        await EventuallyAsync(() => child.IsAlive, alive => !alive);
    }

    [Fact]
    public async Task A_paused_process_stops_cleanly_all_the_same()
    {
        var process = await NativeProcess.StartAsync(Shell("trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"));
        await EventuallyAsync(() => process.LastLines, lines => lines.Contains("ready"));
        process.Pause();

        (await process.StopAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_program_that_is_not_installed_is_one_clear_line()
    {
        var exception = await Should.ThrowAsync<NativeServerException>(() => NativeProcess.StartAsync(new() { FileName = "no-such-program" }));

        exception.Message.ShouldBe("no-such-program is not installed");
    }

    private static NativeProcessOptions Shell(string script) => new() { FileName = "bash", Arguments = ["-c", script] };

    private static int SessionOf(int processId)
    {
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3]);
    }
}
