using System.Diagnostics;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>Runs the code of docs/identity.md that verifies tokens in other languages.</summary>
public sealed class VerifyElsewhereTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("python", "python3", "verify.py", "\nprint(verify(os.environ['TOKEN'], os.environ['SHOP'], os.environ['ISSUER'])['sub'])\n",
        "import cryptography")]
    [InlineData("javascript", "node", "verify.mjs",
        "\nconsole.log((await verifyToken(process.env.TOKEN, process.env.SHOP, process.env.ISSUER)).sub);\n", null)]
    public async Task Tokens_are_verified_by_the_documented_code_in(
        string language, string program, string file, string call, string? needs)
    {
        Assert.SkipUnless(IsInstalled(program), $"{program} is not installed");
        if (needs is not null)
            Assert.SkipUnless((await Run(program, ["-c", needs], "", "")).ExitCode == 0, $"{program} cannot {needs}");
        var folder = Directory.CreateTempSubdirectory("forgeshop-verify-");
        try
        {
            var script = Path.Combine(folder.FullName, file);
            await File.WriteAllTextAsync(script, await Example(language) + call, Cancellation);
            var user = servers.Ids.User($"verify-{Guid.NewGuid():N}@example.com");
            var forged = new ForgedTokens(servers.Users.Services, user);
            string[] wrong = ["expired", "wrong issuer", "wrong audience", "unknown key under a known name", "alg none", "tampered payload",
                "HS256 keyed with the public key"];

            var (exitCode, output) = await Run(program, [script], forged.Good, servers.Users.Address.ToString().TrimEnd('/'));
            exitCode.ShouldBe(0, output);
            output.Trim().ShouldBe(user.ToString());
            foreach (var (name, authorization) in forged.All().Where(token => wrong.Contains(token.Name)))
                (await Run(program, [script], authorization["Bearer ".Length..], servers.Users.Address.ToString()
                    .TrimEnd('/'))).ExitCode.ShouldNotBe(0, name);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> Example(string language)
    {
        var document = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "identity.md"), Cancellation);
        var begin = document.IndexOf($"```{language}\n", StringComparison.Ordinal) + language.Length + 4;
        return document[begin..document.IndexOf("```", begin, StringComparison.Ordinal)];
    }

    private static bool IsInstalled(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, tool)));

    private static async Task<(int ExitCode, string Output)> Run(string program, string[] arguments, string token, string shop)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TOKEN"] = token;
        start.Environment["SHOP"] = shop;
        start.Environment["ISSUER"] = TestTokens.Issuer;
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(Cancellation), process.StandardError.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, await output + await errors);
    }
}
