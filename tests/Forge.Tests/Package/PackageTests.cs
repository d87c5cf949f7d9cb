using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;

namespace ForgeShop.Forge.Tests;

/// <summary>What people take with them: the packages as somebody meets them who has never seen this repository.</summary>
public sealed class PackageTests(PackedPackages packages) : IClassFixture<PackedPackages>
{
    private const string Ada = "6e16f6c3-de6b-55c3-80ba-75907720bb8a";

    [Fact]
    public void The_library_comes_with_README_specification_documentation_and_symbols_and_needs_nothing()
    {
        using var package = packages.Open("ForgeShop.Forge.*.nupkg");
        Entries(package).ShouldBe(["ForgeShop.Forge.nuspec", "README.md", "docs/forge-id.md", "lib/net10.0/ForgeShop.Forge.dll", "lib/net10.0/ForgeShop.Forge.xml"], ignoreOrder: true);
        Text(package, "README.md").ShouldStartWith("# ForgeShop.Forge");
        Text(package, "lib/net10.0/ForgeShop.Forge.xml").ShouldContain("M:ForgeShop.Forge.EntityNamespace.Derive(System.ReadOnlySpan{System.Char})");

        var metadata = XDocument.Parse(Text(package, "ForgeShop.Forge.nuspec")).Root!.Elements().Single();
        metadata.Descendants().Where(element => element.Name.LocalName == "dependency").ShouldBeEmpty();
        foreach (var name in new[] { "id", "version", "authors", "license", "readme", "description", "tags" })
        {
            metadata.Elements().Single(element => element.Name.LocalName == name).Value.ShouldNotBeNullOrWhiteSpace(name);
        }

        using var symbols = packages.Open("ForgeShop.Forge.*.snupkg");
        Entries(symbols).ShouldContain("lib/net10.0/ForgeShop.Forge.pdb");
    }

    [Fact]
    public void The_tool_depends_on_Forge_alone()
    {
        using var package = packages.Open("ForgeShop.Forge.Cli.*.nupkg");
        Entries(package).Where(entry => entry.EndsWith(".dll", StringComparison.Ordinal)).Select(Path.GetFileName).ShouldBe(["forge.dll", "ForgeShop.Forge.dll", "System.CommandLine.dll"], ignoreOrder: true);
        using var dependencies = JsonDocument.Parse(Text(package, "tools/net10.0/any/forge.deps.json"));
        dependencies.RootElement.GetProperty("libraries").EnumerateObject().Select(library => library.Name.Split('/')[0]).Where(name => !name.EndsWith(".Reference", StringComparison.Ordinal)).ShouldBe(["forge", "ForgeShop.Forge", "System.CommandLine"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_project_elsewhere_restores_the_library_and_derives_an_ID()
    {
        var folder = packages.NewProject("consumer");
        await File.WriteAllTextAsync(Path.Combine(folder, "consumer.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><UseAppHost>false</UseAppHost><Nullable>enable</Nullable><TreatWarningsAsErrors>true</TreatWarningsAsErrors></PropertyGroup>
              <ItemGroup><PackageReference Include="ForgeShop.Forge" Version="{packages.Version}" /></ItemGroup>
            </Project>
            """, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), """
            using ForgeShop.Forge;
            var users = new ForgeDomain("forgeshop.example").Entity("users", KeyKind.Email);
            System.Console.WriteLine(users.Derive("  Ada@Example.COM"));
            """, TestContext.Current.CancellationToken);
        await Dotnet.Run(folder, packages.Cache, "build", "--nologo", "-v:quiet", "-o", "out");
        (await Dotnet.Run(folder, packages.Cache, "out/consumer.dll")).Trim().ShouldBe(Ada);
    }

    [Fact]
    public async Task The_tool_installs_from_its_package_and_derives_and_checks()
    {
        var folder = packages.NewProject("tool");
        await Dotnet.Run(folder, packages.Cache, "tool", "install", "ForgeShop.Forge.Cli", "--version", packages.Version, "--tool-path", "bin", "--configfile", "nuget.config");
        var forge = Path.Combine(folder, "bin", OperatingSystem.IsWindows() ? "forge.exe" : "forge");
        (await Dotnet.RunProgram(forge, folder, packages.Cache, "id", "users", "ada@example.com")).Trim().ShouldBe(Ada);
        (await Dotnet.RunProgram(forge, folder, packages.Cache, "vectors", Repository.Vectors("forge-id.json"))).Trim().ShouldBe("805 passed, 0 failed");
    }

    private static IEnumerable<string> Entries(ZipArchive package) =>
        package.Entries.Select(entry => entry.FullName).Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal) && name != "[Content_Types].xml");

    private static string Text(ZipArchive package, string entry)
    {
        using var reader = new StreamReader(package.GetEntry(entry)!.Open());
        return reader.ReadToEnd();
    }
}
