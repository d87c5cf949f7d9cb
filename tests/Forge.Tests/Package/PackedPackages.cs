using System.IO.Compression;

namespace ForgeShop.Forge.Tests;

/// <summary>The packages, packed from the output of the build, in a folder outside the repository with its own package cache.</summary>
public sealed class PackedPackages : IAsyncLifetime
{
    private const string Configuration =
#if DEBUG
        "Debug";
#else
        "Release";
#endif

    /// <summary>Gets the folder of the packages; the folders of the tests are below it.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("forge-packages-").FullName;

    public string Cache => Path.Combine(Folder, "cache");

    public async ValueTask InitializeAsync()
    {
        foreach (var project in new[] { "Forge", "Forge.Cli" })
        {
            await Dotnet.Run(Repository.Root, GlobalCache, "pack", $"shared/{project}", "--no-build", "--configuration", Configuration,
                "--output", Folder, "--nologo");
        }
    }

    public static string GlobalCache { get; } =
        Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>The only package of this ID, with its version.</summary>
    public string Version =>
        Path.GetFileName(
        Directory.GetFiles(Folder, "ForgeShop.Forge.Cli.*.nupkg").Single())["ForgeShop.Forge.Cli.".Length..^".nupkg".Length];

    public ZipArchive Open(string package) =>
        ZipFile.OpenRead(Path.Combine(Folder, package.Replace("*", Version, StringComparison.Ordinal)));

    /// <summary>Returns an empty folder in which only these packages can be restored.</summary>
    public string NewProject(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "nuget.config"),
            $"""<configuration><packageSources><clear /><add key="packed" value="{Folder}" /></packageSources></configuration>""");
        return folder;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
