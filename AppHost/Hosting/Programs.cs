namespace ForgeShop.AppHost.Hosting;

/// <summary>The built programs of this repository.</summary>
internal static class Programs
{
    /// <summary>
    /// Returns the executable of a project, in the same configuration as the running program: the build puts each program into
    /// <c>artifacts/bin/PROJECT/CONFIGURATION</c>.
    /// </summary>
    public static string PathOf(string project)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var program = $"ForgeShop.{project}{(OperatingSystem.IsWindows() ? ".exe" : "")}";
        return Path.GetFullPath(Path.Combine(own.FullName, "..", "..", project, own.Name, program));
    }
}
