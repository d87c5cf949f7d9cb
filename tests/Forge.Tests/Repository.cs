namespace ForgeShop.Forge.Tests;

/// <summary>The root of the repository, with the vectors and the specification.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Vectors(string file) => Path.Combine(Root, "vectors", file);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "global.json"))) return folder.FullName;
        }
        throw new InvalidOperationException("No folder above the tests holds global.json.");
    }
}
