using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.AppHost.Hosting;

/// <summary>Where the native servers keep their data: below <c>artifacts/data</c>, or in a temporary folder for an isolated shop.</summary>
/// <param name="root">The folder of all servers, as an absolute path.</param>
internal sealed class DataFolders(string root)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root { get; } = Create(root, OwnerOnly);

    /// <summary>Returns the folder of one server, which is created if it is missing.</summary>
    public string For(string server) => Create(Path.Combine(Root, server), OwnerOnly);

    /// <summary>
    /// Returns the folder of PostgreSQL. PostgreSQL refuses to run as root, and its own user may not enter a clone below /root: for root
    /// the data is in <c>/var/tmp/forgeshop-HASH</c>, with a hash of the clone's path.
    /// </summary>
    public string ForPostgres() => Environment.UserName == "root"
        ? Create(PostgresOfRoot, OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)
        : For("postgres");

    /// <summary>Deletes the data of all servers.</summary>
    public void Delete()
    {
        foreach (var folder in (string[])[Root, PostgresOfRoot])
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    private string PostgresOfRoot => $"/var/tmp/forgeshop-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Root)))[..16]}";

    private static string Create(string folder, UnixFileMode mode) =>
        (OperatingSystem.IsWindows() ? Directory.CreateDirectory(folder) : Directory.CreateDirectory(folder, mode)).FullName;
}
