using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ForgeShop.Forge.Tests;

/// <summary>The packages, used without this repository.</summary>
public sealed partial class PackageTests(PackedPackages packages) : IClassFixture<PackedPackages>
{
    private const string Ada = "6e16f6c3-de6b-55c3-80ba-75907720bb8a";

    [Fact]
    public void Library_package_has_docs_and_symbols_and_no_dependencies()
    {
        using var package = packages.Open("ForgeShop.Forge.*.nupkg");
        Entries(package)
            .ShouldBe(
            ["ForgeShop.Forge.nuspec", "README.md", "docs/forge-id.md", "lib/net10.0/ForgeShop.Forge.dll",
            "lib/net10.0/ForgeShop.Forge.xml"], ignoreOrder: true);
        Text(package, "README.md").ShouldStartWith("# ForgeShop.Forge");
        Text(package, "lib/net10.0/ForgeShop.Forge.xml")
            .ShouldContain("M:ForgeShop.Forge.EntityNamespace.Derive(System.ReadOnlySpan{System.Char})");

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
    public void Tool_package_has_the_library_and_its_parser_only()
    {
        using var package = packages.Open("ForgeShop.Forge.Cli.*.nupkg");
        Entries(package).Where(entry => entry.EndsWith(".dll", StringComparison.Ordinal)).Select(Path.GetFileName)
            .ShouldBe(["forge.dll", "ForgeShop.Forge.dll", "System.CommandLine.dll"], ignoreOrder: true);
        using var dependencies = JsonDocument.Parse(Text(package, "tools/net10.0/any/forge.deps.json"));
        dependencies.RootElement.GetProperty("libraries").EnumerateObject().Select(library => library.Name.Split('/')[0])
            .Where(name => !name.EndsWith(".Reference", StringComparison.Ordinal))
            .ShouldBe(["forge", "ForgeShop.Forge", "System.CommandLine"], ignoreOrder: true);
    }

    // The code of the README, unchanged, so a copy of it compiles.
    [Fact]
    public async Task Project_elsewhere_restores_the_library_and_runs_the_README()
    {
        var folder = packages.NewProject("consumer");
        string readme;
        using (var package = packages.Open("ForgeShop.Forge.*.nupkg")) readme = Text(package, "README.md");
        var code = CSharp().Matches(readme).Select(block => block.Groups["code"].Value).ToArray();
        code.Length.ShouldBe(2);
        const string library = "using ForgeShop.Forge;";
        var first = code[0].Replace(library, $"{library}\nconst string secret = \"sixteen-bytes-ok\";", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(folder, "consumer.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><UseAppHost>false</UseAppHost>
                <Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings><TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="ForgeShop.Forge" Version="{packages.Version}" />
                <FrameworkReference Include="Microsoft.AspNetCore.App" />
              </ItemGroup>
            </Project>
            """, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "UserId.cs"), code[1], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), $$$"""
            using System.Text.Json;
            using Microsoft.AspNetCore.Http;
            using Microsoft.Extensions.DependencyInjection;
            {{{first}}}
            Console.WriteLine(genuine && hidden.Algorithm is ForgeAlgorithm.V8HmacSha256);
            Console.WriteLine(new ForgeDomain("forgeshop.example").Entity("users", KeyKind.Email).Derive("  Ada@Example.COM"));
            var typed = UserId.From(ada);
            var json = JsonSerializer.Serialize(new Dictionary<UserId, UserId> { [typed] = typed });
            var read = JsonSerializer.Deserialize<Dictionary<UserId, UserId>>(json)!;
            Console.WriteLine(
                json == $"{{\"{ada}\":\"{ada}\"}}" && read[typed] == typed && $"{typed} {typed.ToString()}" == $"{ada} {ada}");
            var endpoint = RequestDelegateFactory.Create(
                (UserId id) => id.ToString(), new RequestDelegateFactoryOptions { RouteParameterNames = ["id"] });
            foreach (var text in new[] { $"{typed}", "{" + typed + "}" })
            {
                var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider() };
                context.Request.RouteValues["id"] = text;
                await endpoint.RequestDelegate(context);
                Console.WriteLine(context.Response.StatusCode);
            }
            """, TestContext.Current.CancellationToken);
        await Dotnet.Run(folder, packages.Cache, "build", "--nologo", "-v:quiet", "-o", "out");
        (await Dotnet.Run(folder, packages.Cache, "out/consumer.dll")).Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(["True", Ada, "True", "200", "400"]);
    }

    [Fact]
    public async Task Tool_installs_from_its_package_and_derives()
    {
        var folder = packages.NewProject("tool");
        await Dotnet.Run(folder, packages.Cache, "tool", "install", "ForgeShop.Forge.Cli", "--version", packages.Version, "--tool-path",
            "bin", "--configfile", "nuget.config");
        var forge = Path.Combine(folder, "bin", OperatingSystem.IsWindows() ? "forge.exe" : "forge");
        (await Dotnet.RunProgram(forge, folder, packages.Cache, "id", "users", "ada@example.com")).Trim().ShouldBe(Ada);
        (await Dotnet.RunProgram(forge, folder, packages.Cache, "vectors", Repository.Vectors("forge-id.json"))).Trim()
            .ShouldBe("805 passed, 0 failed");
    }

    private static IEnumerable<string> Entries(ZipArchive package) =>
        package.Entries.Select(entry => entry.FullName)
            .Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal)
            && name != "[Content_Types].xml");

    private static string Text(ZipArchive package, string entry)
    {
        using var reader = new StreamReader(package.GetEntry(entry)!.Open());
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"^```csharp\r?\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CSharp();
}
