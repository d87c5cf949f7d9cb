using System.Globalization;
using Aspire.Hosting.Orchestration;
using ForgeShop.StandIns.NativeServers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.Testing;

/// <summary>
/// The data of one application under test: a folder that goes when the test ends. Its name says whose it is, so that what a test
/// run that was killed left behind is recognised and removed by the next one.
/// </summary>
internal sealed class TestData
{
    private const string Prefix = "forgeshop-apphost-";
    private static readonly Lazy<Task> Swept = new(SweepAsync);

    public string Folder { get; } = NewFolder();

    public static Task SweepOnceAsync() => Swept.Value;

    public Task RemoveAsync() => RemoveAsync(Folder);

    private static string NewFolder()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        return Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"{Prefix}{self.Id}-{self.StartTicks}-{Guid.NewGuid():n}"));
    }

    private static async Task RemoveAsync(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        (await DataRoot.OpenAsync(folder, fresh: true, NullLogger.Instance, CancellationToken.None)).Dispose(); // ends and empties
        Directory.Delete(folder, recursive: true);
    }

    private static async Task SweepAsync()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var owner = Path.GetFileName(folder)[Prefix.Length..].Split('-');
            if (owner.Length != 3
                || !int.TryParse(owner[0], CultureInfo.InvariantCulture, out var id)
                || !ulong.TryParse(owner[1], CultureInfo.InvariantCulture, out var startTicks)
                || new ProcessIdentity(id, startTicks).IsAlive)
            {
                continue;
            }

            try
            {
                await RemoveAsync(folder);
            }
            catch (Exception exception) when (exception is DistributedApplicationException or NativeServerException or IOException or UnauthorizedAccessException)
            {
                // Another user's, or being swept by another test process at this moment: not ours to remove.
            }
        }
    }
}
