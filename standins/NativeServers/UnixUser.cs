using System.Globalization;
using System.Runtime.InteropServices;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>A user of this machine.</summary>
public sealed record UnixUser(string Name, int UserId, int GroupId)
{
    /// <summary>Whether this process runs as root.</summary>
    public static bool IsRoot => OperatingSystem.IsLinux() && EffectiveUserId() == 0;

    public static int CurrentUserId => EffectiveUserId();

    /// <summary>Looks a user up; null if there is none of this name.</summary>
    public static UnixUser? Find(string name)
    {
        // getent also knows users that do not stand in /etc/passwd.
        var (exitCode, output) = Tool.Run("getent", ["passwd", name]);
        if (exitCode != 0)
            return null;
        var fields = output.Trim().Split(':');
        return new UnixUser(
            fields[0],
            int.Parse(fields[2], CultureInfo.InvariantCulture),
            int.Parse(fields[3], CultureInfo.InvariantCulture));
    }

    /// <summary>Makes this user the owner of a file or folder and all that is in it.</summary>
    public void Own(string path)
    {
        var (exitCode, output) = Tool.Run("chown", ["-R", "-h", $"{UserId}:{GroupId}", "--", path]);
        if (exitCode != 0)
            throw new NativeServerException($"{path} cannot be given to the user {Name}: {output.Trim()}");
    }

    /// <summary>Whether this user can enter and write a folder: asked of the kernel, so that every parent and every ACL counts.</summary>
    public bool CanWrite(string folder) =>
        Tool.Run("setpriv", [.. SetprivArguments, "--", "test", "-w", folder, "-a", "-x", folder]).ExitCode == 0;

    internal IReadOnlyList<string> SetprivArguments => [$"--reuid={UserId}", $"--regid={GroupId}", "--init-groups"];

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int EffectiveUserId();
}
