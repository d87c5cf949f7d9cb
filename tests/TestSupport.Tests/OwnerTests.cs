using System.Diagnostics;
using ForgeShop.TestSupport.Native;

namespace ForgeShop.TestSupport.Tests;

/// <summary>A native server ends with the process that started it, also when that process is killed.</summary>
public sealed class OwnerTests
{
    private const string Variable = "FORGESHOP_TEST_OWNER";
    private const string Folder = "folder: ";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_owner_leaves_no_process_no_data_and_a_clean_shutdown()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "native servers need Linux or macOS");
        using var owner = StartOwner();
        try
        {
            var folder = await ReadFolderAsync(owner.StandardOutput);
            // The open file stays readable when it is deleted.
            using var log = new StreamReader(new FileStream(
                Path.Combine(folder, "server.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

            owner.Kill();

            await Eventually.True("the data is deleted", _ => Task.FromResult(!Directory.Exists(folder)), cancellationToken: Cancelled);
            (await log.ReadToEndAsync(Cancelled)).ShouldContain("database system is shut down");
        }
        finally
        {
            owner.Kill(entireProcessTree: true);
        }
    }

    /// <summary>The owner: runs in a process of its own and holds a server until that process is killed.</summary>
    [Fact(Explicit = true)]
    public async Task Owner_holds_a_server()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable(Variable) is not null,
            $"runs only inside {nameof(Killed_owner_leaves_no_process_no_data_and_a_clean_shutdown)}");
        await using var server = new PostgresServer();
        await server.StartAsync(Cancelled);
        Console.WriteLine(Folder + ((NativeServer)server.Host).Folder);
        await Task.Delay(TimeSpan.FromMinutes(2), Cancelled);
    }

    private static Process StartOwner()
    {
        string[] arguments = [typeof(OwnerTests).Assembly.Location, "-explicit", "only", "-method", $"*.{nameof(Owner_holds_a_server)}"];
        var start = new ProcessStartInfo(Installation.Dotnet, arguments) { RedirectStandardOutput = true };
        start.Environment[Variable] = "true";
        start.Environment[ServerMode.Variable] = "native";
        return Process.Start(start)!;
    }

    private static async Task<string> ReadFolderAsync(StreamReader output)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        deadline.CancelAfter(Eventually.DefaultTimeout);
        var lines = new List<string>();
        while (await output.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.StartsWith(Folder, StringComparison.Ordinal))
                return line[Folder.Length..];
            lines.Add(line);
        }

        throw new InvalidOperationException($"The owner ended before its server ran:\n{string.Join('\n', lines)}");
    }
}
