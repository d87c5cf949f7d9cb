using System.Runtime.InteropServices;

namespace ForgeShop.Forge.Tests;

/// <summary>
/// Every build of the library runs the trim, single-file and AOT analyzers with warnings as errors (IsAotCompatible). Here the trimmer
/// processes the whole library, and the trimmed program derives. Long tier; needs the runtime pack of this platform from the package feed.
/// Native AOT needs a compiler that not every feed has, so only the analyzers check it.
/// </summary>
public sealed class TrimmingTests(PackedPackages packages) : IClassFixture<PackedPackages>
{
    [Fact(Explicit = true)]
    public async Task Trimmed_program_publishes_without_warnings_and_derives()
    {
        var folder = Directory.CreateDirectory(Path.Combine(packages.Folder, "trimmed")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "trimmed.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable>
                <RuntimeIdentifier>{RuntimeInformation.RuntimeIdentifier}</RuntimeIdentifier>
                <SelfContained>true</SelfContained><PublishTrimmed>true</PublishTrimmed><TrimMode>full</TrimMode>
                <TrimmerSingleWarn>false</TrimmerSingleWarn><InvariantGlobalization>true</InvariantGlobalization>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors><ILLinkTreatWarningsAsErrors>true</ILLinkTreatWarningsAsErrors>
                <RestoreAdditionalProjectSources>{packages.Folder}</RestoreAdditionalProjectSources>
                <RestoreFallbackFolders>{PackedPackages.GlobalCache}</RestoreFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="ForgeShop.Forge" Version="{packages.Version}" />
                <TrimmerRootAssembly Include="ForgeShop.Forge" />
              </ItemGroup>
            </Project>
            """, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), """"
            using System.Text;
            using ForgeShop.Forge;
            var catalogue = EntityCatalogue.Parse(Encoding.UTF8.GetBytes(
                """{"domain":"forgeshop.example","entities":{"orders":{"key":{"user":"uuid","reference":"text"}}}}"""));
            var user = Uuid.Parse("6e16f6c3-de6b-55c3-80ba-75907720bb8a");
            var order = new ForgeDomain(catalogue.Domain).Entity(catalogue["orders"]).Derive(("user", user), ("reference", "cart-1"));
            var canonical = Jcs.Canonicalize(Encoding.UTF8.GetBytes("""{"b":1.0,"a":[]}"""));
            System.Console.WriteLine(order + " " + Encoding.UTF8.GetString(canonical));
            """", TestContext.Current.CancellationToken);
        await Dotnet.Run(folder, packages.Cache, "publish", "--nologo", "-v:quiet", "--output", "out");
        (await Dotnet.RunProgram(Path.Combine(folder, "out", OperatingSystem.IsWindows() ? "trimmed.exe" : "trimmed"), folder,
            packages.Cache)).Trim()
            .ShouldBe("""7e558d62-0221-5a98-9949-a65bfd2da23e {"a":[],"b":1}""");
    }
}
