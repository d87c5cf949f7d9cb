using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>
/// A server's data folder: owner-only, used by one owner at a time, and found again by the next one even if the last one was
/// killed. Where the server's user cannot enter the wanted folder, a private folder elsewhere serves, and one log line says so.
/// </summary>
public sealed class DataFolder : IAsyncDisposable
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan StaleGrace = TimeSpan.FromSeconds(10);

    private readonly FileStream ownership;
    private readonly UnixUser? user;

    private DataFolder(string path, UnixUser? user, FileStream ownership)
    {
        Path = path;
        this.user = user;
        this.ownership = ownership;
    }

    /// <summary>Where the data really is.</summary>
    public string Path { get; }

    private string RunFile => In("server.run");

    /// <summary>
    /// Opens a folder, creating it if need be, and ends a server that a killed owner left running on it.
    /// </summary>
    public static async Task<DataFolder> OpenAsync(string wanted, UnixUser? user, Action<string>? log, CancellationToken cancellationToken = default)
    {
        var path = Resolve(System.IO.Path.GetFullPath(wanted), user, log);
        var folder = new DataFolder(path, user, TakeOwnership(path));
        try
        {
            await folder.EndStaleServerAsync(log, cancellationToken);
        }
        catch
        {
            await folder.DisposeAsync();
            throw;
        }

        return folder;
    }

    /// <summary>Deletes a folder and its private place elsewhere, ending a stale server first. Throws if it is in use.</summary>
    public static async Task DeleteAsync(string wanted, CancellationToken cancellationToken = default)
    {
        wanted = System.IO.Path.GetFullPath(wanted);
        foreach (var path in new[] { wanted, PrivatePlace(wanted) }.Where(path => Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null))
        {
            await using (var folder = new DataFolder(path, null, TakeOwnership(path)))
                await folder.EndStaleServerAsync(null, cancellationToken);
            Directory.Delete(path, recursive: true);
        }
    }

    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Creates a folder inside that belongs to the server's user.</summary>
    public string CreateFolder(string name)
    {
        var path = In(name);
        Directory.CreateDirectory(path, PrivateFolder.OwnerOnly);
        user?.Own(path);
        return path;
    }

    /// <summary>Writes a file that only the server's user (and root) can read.</summary>
    public string WriteSecret(string name, string text)
    {
        var path = In(name);
        var draft = path + ".new";
        using (var file = new FileStream(draft, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerFile }))
            file.Write(Encoding.UTF8.GetBytes(text));
        user?.Own(draft);
        File.Move(draft, path, overwrite: true);
        return path;
    }

    /// <summary>Notes the server that runs on this folder, for the next owner in case this one is killed.</summary>
    public void Record(NativeProcess server) => File.WriteAllText(
        RunFile,
        string.Create(CultureInfo.InvariantCulture, $"{server.Identity.Id} {server.Identity.StartTicks} {BootId()} {server.Name}\n"));

    public void Forget() => File.Delete(RunFile);

    /// <summary>Gives the folder free for the next owner.</summary>
    public ValueTask DisposeAsync() => ownership.DisposeAsync();

    private static string Resolve(string wanted, UnixUser? user, Action<string>? log)
    {
        Directory.CreateDirectory(wanted, PrivateFolder.OwnerOnly);
        if (user is null || (TryOwn(wanted, user) && user.CanWrite(wanted)))
            return wanted;

        var place = PrivatePlace(wanted);
        user.Own(PrivateFolder.Ensure(place, user));
        log?.Invoke($"the user {user.Name} cannot enter {wanted}: the data is in {place}");
        return place;
    }

    private static bool TryOwn(string path, UnixUser user)
    {
        // Only the folder itself: what is in it already belongs to whoever put it there.
        var (exitCode, _) = Tool.Run("chown", ["-h", $"{user.UserId}:{user.GroupId}", "--", path]);
        return exitCode == 0;
    }

    private static string PrivatePlace(string wanted)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(wanted)));
        return $"/var/tmp/forgeshop-{hash[..16]}";
    }

    private static FileStream TakeOwnership(string path)
    {
        // The lock ends with this process, however it ends; children do not inherit it.
        try
        {
            return new FileStream(
                System.IO.Path.Combine(path, "owner.lock"),
                new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnerFile });
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new NativeServerException($"{path} belongs to another user of this machine", exception);
        }
        catch (IOException exception)
        {
            throw new NativeServerException($"{path} is in use by another running program", exception);
        }
    }

    private async Task EndStaleServerAsync(Action<string>? log, CancellationToken cancellationToken)
    {
        if (!File.Exists(RunFile))
            return;

        // We own the folder, so the owner of a server that still runs on it is gone.
        var fields = (await File.ReadAllTextAsync(RunFile, cancellationToken)).Trim().Split(' ');
        if (fields.Length == 4
            && fields[2] == BootId()
            && int.TryParse(fields[0], CultureInfo.InvariantCulture, out var id)
            && ulong.TryParse(fields[1], CultureInfo.InvariantCulture, out var startTicks)
            && new ProcessIdentity(id, startTicks) is { IsAlive: true } server)
        {
            log?.Invoke($"ending {fields[3]} ({id}), left behind by an owner that was killed");
            await EndAsync(server, fields[3] == "postgres" ? UnixSignal.Interrupt : UnixSignal.Terminate, cancellationToken);
        }

        Forget();
    }

    private static async Task EndAsync(ProcessIdentity server, UnixSignal stopSignal, CancellationToken cancellationToken)
    {
        var tree = server.Tree();
        server.Signal(stopSignal);
        server.Signal(UnixSignal.Continue);
        for (var waited = TimeSpan.Zero; server.IsAlive && waited < StaleGrace; waited += TimeSpan.FromMilliseconds(50))
            await Task.Delay(50, cancellationToken);
        foreach (var one in tree)
            one.Signal(UnixSignal.Kill);
        for (var rounds = 0; tree.Any(one => one.IsAlive) && rounds < 100; rounds++)
            await Task.Delay(20, cancellationToken);
    }

    private static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
