using System.Globalization;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>
/// Folders in places that are everybody's, under names that can be guessed: a link, or somebody else's folder, is not used.
/// </summary>
internal static class PrivateFolder
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates the folder, or makes sure that it is ours (or the server's user's) alone.</summary>
    public static string Ensure(string path, UnixUser? user = null)
    {
        var folder = Directory.CreateDirectory(path, OwnerOnly);
        var (_, output) = Tool.Run("stat", ["-c", "%u %a", "--", path]);
        var isOurs = folder.LinkTarget is null
            && output.Trim().Split(' ') is [var owner, "700"]
            && int.TryParse(owner, CultureInfo.InvariantCulture, out var id)
            && (id == UnixUser.CurrentUserId || id == user?.UserId);
        return isOurs ? path : throw new NativeServerException($"{path} is not a folder of this user's alone: remove it, and try again");
    }
}
