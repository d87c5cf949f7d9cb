using System.Globalization;
using ForgeShop.StandIns.NativeServers;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Orchestration;

/// <summary>
/// The folder under which every server keeps its data. One running application owns it; what an owner that was killed left
/// running is ended before the next one starts.
/// </summary>
internal sealed class DataRoot : IDisposable
{
    /// <summary>Tests put their data elsewhere.</summary>
    public const string ConfigurationKey = "StandIns:DataFolder";

    private static readonly TimeSpan LeftoverGrace = TimeSpan.FromSeconds(5);

    private readonly string path;
    private readonly ILogger logger;
    private readonly FileStream ownership;
    private readonly Lock gate = new();
    private readonly Dictionary<ProcessIdentity, string> running = [];

    private DataRoot(string path, ILogger logger, FileStream ownership)
    {
        this.path = path;
        this.logger = logger;
        this.ownership = ownership;
    }

    public string SecretsFile => Path.Combine(path, "secrets.json");

    private string OwnerFile => Path.Combine(path, "apphost.pid");

    private string RunningFile => Path.Combine(path, "apphost.processes");

    public static async Task<DataRoot> OpenAsync(string path, bool fresh, ILogger logger, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(path);
        var root = new DataRoot(path, logger, TakeOwnership(path));
        try
        {
            await root.EndLeftoversAsync(cancellationToken);
            if (fresh)
                await root.EmptyAsync(cancellationToken);
            var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
            OwnerOnlyFile.Write(root.OwnerFile, System.Text.Encoding.ASCII.GetBytes(Format(self, "apphost")));
            return root;
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    public string FolderOf(string resource) => Path.Combine(path, resource);

    /// <summary>Notes a process for the next owner, in case this one is killed.</summary>
    public void Note(NativeProcess process, string resource) => Change(() => running[process.Identity] = resource);

    public void Forget(NativeProcess process) => Change(() => running.Remove(process.Identity));

    public void Dispose()
    {
        File.Delete(OwnerFile);
        ownership.Dispose();
    }

    private static FileStream TakeOwnership(string path)
    {
        // The lock ends with this process, however it ends.
        try
        {
            return new FileStream(Path.Combine(path, "apphost.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            var owner = Path.Combine(path, "apphost.pid");
            var who = File.Exists(owner) ? $" (process {File.ReadAllText(owner).Split(' ')[0]})" : string.Empty;
            throw new DistributedApplicationException($"another AppHost{who} is running on the data in {path}: stop it first", exception);
        }
    }

    private void Change(Action change)
    {
        lock (gate)
        {
            change();
            OwnerOnlyFile.Write(RunningFile, System.Text.Encoding.UTF8.GetBytes(string.Concat(running.Select(one => Format(one.Key, one.Value)))));
        }
    }

    private async Task EndLeftoversAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(RunningFile))
            return;

        // Servers are ended by their own data folders; these are the services, which keep no data.
        var leftovers = (await File.ReadAllLinesAsync(RunningFile, cancellationToken)).Select(Parse).OfType<(ProcessIdentity Process, string Name)>()
            .Where(one => one.Process.IsAlive).ToList();
        foreach (var (process, name) in leftovers)
        {
            logger.LogWarning("ending {Resource} (process {Pid}), left behind by an AppHost that was killed", name, process.Id);
            process.Signal(UnixSignal.Terminate);
        }

        for (var waited = TimeSpan.Zero; waited < LeftoverGrace && leftovers.Any(one => one.Process.IsAlive); waited += TimeSpan.FromMilliseconds(50))
            await Task.Delay(50, cancellationToken);
        foreach (var process in leftovers.SelectMany(one => one.Process.Tree()))
            process.Signal(UnixSignal.Kill);
        File.Delete(RunningFile);
    }

    private async Task EmptyAsync(CancellationToken cancellationToken)
    {
        foreach (var folder in Directory.GetDirectories(path))
            await DataFolder.DeleteAsync(folder, cancellationToken);
        File.Delete(SecretsFile);
    }

    private static string Format(ProcessIdentity process, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{process.Id} {process.StartTicks} {name}\n");

    private static (ProcessIdentity Process, string Name)? Parse(string line) =>
        line.Split(' ', 3) is [var id, var ticks, var name]
        && int.TryParse(id, CultureInfo.InvariantCulture, out var number)
        && ulong.TryParse(ticks, CultureInfo.InvariantCulture, out var start)
            ? (new ProcessIdentity(number, start), name)
            : null;
}
