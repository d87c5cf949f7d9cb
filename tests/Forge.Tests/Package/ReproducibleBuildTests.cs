using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text;

namespace ForgeShop.Forge.Tests;

/// <summary>
/// The published package can be built again, byte for byte, and a debugger finds its sources. Long tier: two builds from scratch.
/// </summary>
public sealed class ReproducibleBuildTests : IDisposable
{
    private const string Remote = "https://github.com/forgeshop/forgeshop"; // a name only; no test connects to it

    private static readonly Guid SourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    private readonly string _folder = Directory.CreateTempSubdirectory("forge-reproducible-").FullName;

    public void Dispose()
    {
        // git's objects are read-only, and Windows does not delete read-only files.
        foreach (var file in Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories)) File.SetAttributes(
            file, FileAttributes.Normal);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact(Explicit = true)]
    public async Task Clones_in_two_folders_build_the_same_bytes()
    {
        var (first, second) = (await Pack("a"), await Pack("somewhere/else/b"));
        first.Library.ShouldBe(second.Library, "the library");
        first.Symbols.ShouldBe(second.Symbols, "the symbols");

        using var symbols = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(first.Symbols));
        var pdb = symbols.GetMetadataReader();
        foreach (var document in pdb.Documents) pdb.GetString(pdb.GetDocument(document).Name).ShouldStartWith("/_/");
        var link = pdb.GetCustomDebugInformation(EntityHandle.ModuleDefinition).Select(pdb.GetCustomDebugInformation)
            .Single(information => pdb.GetGuid(information.Kind) == SourceLink);
        Encoding.UTF8.GetString(pdb.GetBlobBytes(link.Value))
            .ShouldContain($"\"/_/*\":\"https://raw.githubusercontent.com/forgeshop/forgeshop/{first.Commit}/*\"");
        first.Specification.ShouldContain($"url=\"{Remote}");
        first.Specification.ShouldContain($"commit=\"{first.Commit}\"");
    }

    private async Task<(byte[] Library, byte[] Symbols, string Specification, string Commit)> Pack(string name)
    {
        var clone = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        foreach (
            var file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json",
            ".editorconfig", ".gitignore", "docs/forge-id.md" }) Copy(file, clone);
        foreach (var folder in new[] { "build", "shared/Forge" })
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*", SearchOption.AllDirectories)) Copy(
                Path.GetRelativePath(Repository.Root, file), clone);
        }
        await Git(clone, "init", "--quiet", "--initial-branch=main");
        await Git(clone, "remote", "add", "origin", Remote);
        await Git(clone, "add", "--all");
        await Git(clone, "-c", "user.name=ForgeShop", "-c", "user.email=unknown@forgeshop.example", "commit", "--quiet", "--message=All",
            "--date=2026-01-01T00:00:00Z");
        await Dotnet.Run(clone, PackedPackages.GlobalCache, "pack", "shared/Forge", "--output", "packed", "--nologo");

        var packed = Path.Combine(clone, "packed");
        using var package = ZipFile.OpenRead(Directory.GetFiles(packed, "*.nupkg").Single());
        using var symbols = ZipFile.OpenRead(Directory.GetFiles(packed, "*.snupkg").Single());
        return (
            Bytes(package, "lib/net10.0/ForgeShop.Forge.dll"), Bytes(symbols, "lib/net10.0/ForgeShop.Forge.pdb"),
            Encoding.UTF8.GetString(Bytes(package, "ForgeShop.Forge.nuspec")), (await Git(clone, "rev-parse", "HEAD")).Trim());
    }

    private static Task<string> Git(string clone, params string[] arguments) =>
        Dotnet.RunProgram("git", clone, PackedPackages.GlobalCache, ["-c", "core.autocrlf=false", .. arguments]);

    private static void Copy(string file, string clone)
    {
        var target = Path.Combine(clone, file);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(Path.Combine(Repository.Root, file), target);
    }

    private static byte[] Bytes(ZipArchive package, string entry)
    {
        using var stream = package.GetEntry(entry)!.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
