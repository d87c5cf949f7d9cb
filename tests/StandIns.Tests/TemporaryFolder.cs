using ForgeShop.StandIns.NativeServers;

namespace ForgeShop.StandIns.Tests;

/// <summary>A place for data folders that is gone after the test, wherever the data really went.</summary>
public sealed class TemporaryFolder : IAsyncDisposable
{
    private readonly List<string> used = [];

    /// <summary>Like a clone under a home folder: nobody but its owner may enter.</summary>
    public static TemporaryFolder Private() => new(Directory.CreateTempSubdirectory("forgeshop-").FullName);

    /// <summary>One that every user may enter.</summary>
    public static TemporaryFolder Open()
    {
        var folder = Private();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)Convert.ToInt32("755", 8));
        return folder;
    }

    private TemporaryFolder(string path) => Path = path;

    public string Path { get; }

    public string For(string server)
    {
        var path = System.IO.Path.Combine(Path, server);
        used.Add(path);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var path in used.Distinct())
            await DataFolder.DeleteAsync(path);
        Directory.Delete(Path, recursive: true);
    }
}
