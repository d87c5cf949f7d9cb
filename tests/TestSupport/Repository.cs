namespace ForgeShop.TestSupport;

/// <summary>The repository that the tests were built from.</summary>
public static class Repository
{
    /// <summary>Gets the folder that contains the solution.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ForgeShop.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        return folder.FullName;
    }
}
