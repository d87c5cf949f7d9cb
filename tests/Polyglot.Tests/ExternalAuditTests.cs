using System.Diagnostics;
using ForgeShop.Forge;
using ForgeShop.Fuzz.Ids;
using ForgeShop.TestSupport;

namespace ForgeShop.Polyglot.Tests;

/// <summary>
/// The scripts that compare a payment provider's report with an export of payments, in both languages and word for word alike.
/// </summary>
public sealed class ExternalAuditTests : IDisposable
{
    private const string ProviderHeader = "email,cart,attempt,amount,currency";
    private const string ExportHeader = "payment_id,amount,currency";

    private static readonly ForgeDomain Domain = new("forgeshop.example");
    private static readonly EntityNamespace Users = Domain.Entity("users", KeyKind.Email);
    private static readonly EntityNamespace Orders = Domain.Entity(
        "orders", KeyShape.Record(("user", KeyKind.Uuid), ("reference", KeyKind.Text)));
    private static readonly EntityNamespace Payments = Domain.Entity(
        "payments", KeyShape.Record(("order", KeyKind.Uuid), ("attempt", KeyKind.Int)));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("forge-audit-");

    public static TheoryData<string, string> Scripts => new()
    {
        { "python3", "polyglot/python/audit_payments.py" },
        { "node", "polyglot/javascript/audit-payments.mjs" },
    };

    /// <summary>Four charges as the provider reports them; the addresses and carts are written as people write them.</summary>
    private static readonly string[] Charges =
    [
        "ada@example.com,cart-1,1,12.50,EUR", "\" Ada@Example.COM\",\"cart \"\"2\"\", the big one\",1,7,EUR",
        "grace@example.com,cart-1,1,0.10,EUR", "grace@example.com,cart-1,2,1000000000.0001,CLF",
    ];

    private static readonly Guid[] Ids =
    [
        Payment("ada@example.com", "cart-1", 1), Payment("ada@example.com", "cart \"2\", the big one", 1),
        Payment("grace@example.com", "cart-1", 1), Payment("grace@example.com", "cart-1", 2),
    ];

    private static readonly string[] Exported = [$"{Ids[3]},1000000000.0001,CLF", $"{Ids[0]},12.5,EUR", $"{Ids[1]},7.00,EUR",
        $"{Ids[2]},0.1,EUR"];

    private static Guid Payment(string email, string cart, long attempt) =>
        Payments.Derive(("order", Orders.Derive(("user", Users.Derive(email)), ("reference", cart))), ("attempt", attempt));

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Equal_reports_agree(string program, string script) =>
        (await Compare(program, script, Charges, Exported)).ShouldBe((0, "4 charges, 4 payments: 4 agree, 0 differences\n"));

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Each_kind_of_tampering_is_named(string program, string script)
    {
        var foreign = Payment("mallory@example.com", "cart-9", 1);
        string[] charges = [.. Charges, "ADA@example.com,cart-1,1,12.50,EUR", "ada,cart-1,1,1,EUR"];
        string[] exported =
        [
            Exported[0].Replace("0001,", "0002,", StringComparison.Ordinal), Exported[2], Exported[3]
                .Replace("EUR", "USD", StringComparison.Ordinal),
            $"{foreign},99.00,EUR", "cart-1,1.00,EUR",
        ];

        var (exitCode, output) = await Compare(program, script, charges, exported);

        output.Split('\n').ShouldBe(
        [
            $"repeated   {Ids[0]} provider.csv, rows 1 and 5",
            "refused    provider.csv, row 6: key (email): Form: is not of the form local@domain",
            "refused    export.csv, row 5: uuid (uuid): Form: is not a UUID of 36 characters",
            $"missing    {Ids[0]} 12.50 EUR (provider.csv, row 1)",
            $"different  {Ids[2]} 0.10 EUR (provider.csv, row 3), 0.1 USD (export.csv, row 3)",
            $"different  {Ids[3]} 1000000000.0001 CLF (provider.csv, row 4), 1000000000.0002 CLF (export.csv, row 1)",
            $"unexpected {foreign} 99.00 EUR (export.csv, row 4)",
            "6 charges, 5 payments: 1 agree, 7 differences",
            "",
        ]);
        exitCode.ShouldBe(1);
        output.ShouldNotContain("@example");
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Wrong_file_is_misuse_and_nothing_is_compared(string program, string script)
    {
        (await Compare(program, script, ["ada@example.com,cart-1,1,12.50"], Exported)).ShouldBe((2, ""));
        (await Compare(program, script, ["ada@example.com,cart-1,1,1e3,EUR"], Exported)).ShouldBe((2, ""));
        (await Compare(program, script, Charges, [$"{Ids[0]},\"12.50,EUR"])).ShouldBe((2, ""));
        (await Run(program, script, "missing.csv", "missing.csv")).ShouldBe((2, ""));
        (await Run(program, script)).ShouldBe((2, ""));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<(int ExitCode, string Output)> Compare(string program, string script, string[] charges, string[] exported)
    {
        var (provider, export) = (Path.Combine(_folder.FullName, "provider.csv"), Path.Combine(_folder.FullName, "export.csv"));
        await File.WriteAllLinesAsync(provider, [ProviderHeader, .. charges], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(export, string.Join("\r\n", [ExportHeader, .. exported]), TestContext.Current.CancellationToken);
        return await Run(program, script, provider, export);
    }

    private async Task<(int ExitCode, string Output)> Run(string program, string script, params string[] files)
    {
        Assert.SkipUnless(Command.Exists(program, "--version"), $"{program} is not installed, so {script} was not run");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Eventually.DefaultTimeout);
        using var process = Process.Start(new ProcessStartInfo(program, [Path.Combine(Port.Root, script), .. files])
        {
            WorkingDirectory = _folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(timeout.Token), process.StandardError.ReadToEndAsync(timeout.Token));
        await process.WaitForExitAsync(timeout.Token);
        (await errors).Split('\n').Length.ShouldBeLessThanOrEqualTo(2, await errors);
        return (process.ExitCode, await output);
    }
}
