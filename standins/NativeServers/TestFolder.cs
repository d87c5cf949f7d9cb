using System.Globalization;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>
/// Data folders for servers that live as long as a test. Their names say whose they are, so that folders of test runs that
/// were killed are recognised and removed by the next run.
/// </summary>
public static class TestFolder
{
    private const string Prefix = "forgeshop-test-";
    private static readonly Lazy<Task> Swept = new(SweepAsync);

    /// <summary>A path for a data folder; to be removed with <see cref="DataFolder.DeleteAsync"/>.</summary>
    public static string Create(string name)
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        return Path.Combine(
            Path.GetTempPath(),
            string.Create(CultureInfo.InvariantCulture, $"{Prefix}{self.Id}-{self.StartTicks}-{name}-{Guid.NewGuid():N}"));
    }

    /// <summary>The same, once a process.</summary>
    public static Task SweepOnceAsync() => Swept.Value;

    /// <summary>Ends the servers and deletes the folders of owners that are gone.</summary>
    public static async Task SweepAsync()
    {
        foreach (var path in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var owner = Path.GetFileName(path)[Prefix.Length..].Split('-');
            var isStale = owner.Length >= 3
                && int.TryParse(owner[0], CultureInfo.InvariantCulture, out var id)
                && ulong.TryParse(owner[1], CultureInfo.InvariantCulture, out var startTicks)
                && !new ProcessIdentity(id, startTicks).IsAlive;
            if (!isStale)
                continue;

            try
            {
                await DataFolder.DeleteAsync(path);
            }
            catch (Exception exception) when (exception is NativeServerException or IOException or UnauthorizedAccessException)
            {
                // Another user's, or being swept by another test process at this moment: not ours to remove.
            }
        }
    }
}
