namespace ForgeShop.AppHost.Tests;

/// <summary>A folder with links to all programs of the PATH but some.</summary>
internal sealed class PathWithout : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("forgeshop-path-");

    public PathWithout(params string[] hidden)
    {
        var programs = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Where(Directory.Exists).SelectMany(Directory.GetFiles);
        foreach (var program in programs.DistinctBy(Path.GetFileName).Where(program => !hidden.Contains(Path.GetFileName(program))))
            File.CreateSymbolicLink(Path.Combine(folder.FullName, Path.GetFileName(program)), program);
    }

    public string Folder => folder.FullName;

    public void Dispose() => folder.Delete(recursive: true);
}
