using ForgeShop.Fuzz.Ids;
using ForgeShop.TestSupport;

namespace ForgeShop.Polyglot.Tests;

/// <summary>The tests of services/recommendations, which are written in its own language, on the servers of this project.</summary>
public sealed class RecommendationsTests(PostgresFixture postgres)
{
    private const string Service = "recommendations";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_test_of_the_service_passes()
    {
        Assert.SkipWhen(NodeService.Missing is not null, NodeService.Missing ?? "");
        await using var kafka = new KafkaServer(partitions: 6);
        await kafka.StartAsync(Cancellation);
        var folder = await NodeService.InstallAsync(Port.Root, Service, Cancellation);
        await Command.RunAsync("npm", ["run", "build"], folder, cancellationToken: Cancellation);

        var report = await Command.RunAsync(
            "env", [$"RECOMMENDATIONS_URI={postgres.Uri}", $"ConnectionStrings__kafka={kafka.BootstrapServers}", "npm", "run",
                "test:built"],
            folder, cancellationToken: Cancellation);

        report.ShouldContain("# fail 0");
        report.ShouldContain("# skipped 0");
    }

    [Fact(Explicit = true)]
    public async Task Sources_follow_the_rules_of_ESLint_and_Prettier()
    {
        Assert.SkipWhen(NodeService.Missing is not null, NodeService.Missing ?? "");
        var folder = await NodeService.InstallAsync(Port.Root, Service, Cancellation);

        await Command.RunAsync("npm", ["run", "lint"], folder, cancellationToken: Cancellation);
    }
}
