using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.AppHost.Hosting;

/// <summary>The data folders of the native servers: below <c>data</c> in the artifacts folder.</summary>
internal sealed class DataFolders
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly List<(string Path, UnixFileMode Mode)> folders = [];

    public DataFolders(string root) => Root = Create(root, OwnerOnly);

    public string Root { get; }

    /// <summary>Returns 16 hexadecimal digits that distinguish one path from another.</summary>
    public static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..16];

    /// <summary>Returns the folder of one server, which is created if it is missing.</summary>
    public string For(string server) => Create(Path.Combine(Root, server), OwnerOnly);

    /// <summary>
    /// Returns the folder of PostgreSQL. PostgreSQL refuses to run as root, and its own user cannot enter a clone below /root. For root the
    /// data is therefore in <c>/var/tmp/forgeshop-HASH</c>, with a hash of the clone's path.
    /// </summary>
    public string ForPostgres() => Environment.UserName == "root"
        ? Create(PostgresOfRoot, OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)
        : For("postgres");

    /// <summary>Deletes the data of all servers and leaves the folders empty.</summary>
    public void Empty()
    {
        Delete();
        foreach (var (path, mode) in folders.ToList())
            Create(path, mode);
    }

    public void Delete()
    {
        foreach (var folder in (string[])[Root, PostgresOfRoot])
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    private string PostgresOfRoot => $"/var/tmp/forgeshop-{HashOf(Root)}";

    private string Create(string folder, UnixFileMode mode)
    {
        if (!folders.Contains((folder, mode)))
            folders.Add((folder, mode));
        return (OperatingSystem.IsWindows() ? Directory.CreateDirectory(folder) : Directory.CreateDirectory(folder, mode)).FullName;
    }
}
