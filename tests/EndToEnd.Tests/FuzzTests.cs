using ForgeShop.Fuzz;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>Odd and hostile requests through the gateway, as <c>./forge fuzz</c> sends them.</summary>
public sealed class FuzzTests(ShopFixture fixture)
{
    private const int Requests = 5_000;
    private const int Seed = 20_261_128;
    private static readonly string[] Services = ["gateway", "users", "inventory", "orders", "payments", "notifications", "reporting"];

    [Fact(Explicit = true)]
    public async Task Odd_requests_get_valid_answers_and_end_no_process()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var email = $"fuzz-{Guid.NewGuid():N}@example.com";
        await fixture.Register(email, "Fuzz Customer", cancellation);
        var before = await Processes(cancellation);
        var shop = new FuzzedShop(
            fixture.Http,
            async token => (await fixture.LogIn(email, token)).AccessToken!,
            async token => (await fixture.LogInAdministrator(token)).AccessToken!);

        var failures = await new FuzzRun(shop, Seed, TimeProvider.System).RunAsync(Requests, TimeSpan.FromMinutes(10), cancellation);

        failures.ShouldBeEmpty(string.Join('\n', failures));
        (await Processes(cancellation)).ShouldBe(before);
    }

    private async Task<List<int>> Processes(CancellationToken cancellationToken)
    {
        var processes = new List<int>();
        foreach (var service in Services)
            processes.Add(await fixture.ProcessId(service, cancellationToken));
        return processes;
    }
}
