using System.Net;
using System.Net.Http.Json;
using ForgeShop.Contracts;
using ForgeShop.Databases;
using ForgeShop.ServiceDefaults;
using Npgsql;

namespace ForgeShop.Services.Tests;

/// <summary>A store that does not answer in time: the service returns 503 with Retry-After before the gateway's time-out.</summary>
public sealed class SlowStoreTests(ServersFixture servers)
{
    private readonly UserId _user = servers.Ids.User($"slow-{Guid.NewGuid():N}@example.com");

    [Fact]
    public async Task Locked_table_returns_503_with_Retry_After_before_the_gateways_time_out()
    {
        await using var orders = await servers.StartOrders(servers.Inventory.Address, settings: ("Inventory:Timeout", "00:00:20"));
        await using var gateway = await servers.StartGateway(orders.Address);
        var http = gateway.As(_user);
        var body = new { items = new[] { new { sku = "MUG-FORGE", quantity = 1 } } };
        (await http.Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", "before")))
            .ShouldBe(HttpStatusCode.Accepted);

        await using (var connection = new NpgsqlConnection(orders.Database))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await using (var locking = new NpgsqlCommand("lock table orders in access exclusive mode", connection))
                await locking.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

            // More requests than pooled connections: a request that waits for one also times out within its budget.
            var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(number => number % 3 == 0
                ? http.Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", $"during-{number}"))
                : http.Get($"/api/v1/orders{(number % 3 == 1 ? "" : "/" + servers.Ids.Order(_user, "none"))}")));

            // The answer of the service: after its own time-out, the gateway returns 504 service-timeout.
            foreach (var answer in answers)
            {
                answer.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "service-unavailable");
                answer.Message.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
            }
        }

        (await http.Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", "after")))
            .ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public void Budgets_shrink_from_the_outside_in()
    {
        TimeBudgets.Client.ShouldBeGreaterThan(TimeBudgets.Gateway);
        TimeBudgets.Gateway.ShouldBeGreaterThan(TimeBudgets.Service);
        TimeBudgets.Service.ShouldBeGreaterThan(TimeBudgets.Call);
        TimeBudgets.Call.ShouldBeGreaterThan(TimeBudgets.CallAttempt * 2);
        // Both attempts of a transaction, each with its wait for a lock.
        TimeBudgets.Service.ShouldBeGreaterThan(
            (TimeSpan.FromSeconds(DatabaseExtensions.CommandTimeout) * (DatabaseExtensions.Retries + 1)) + DatabaseExtensions.RetryDelay);
        TimeSpan.FromSeconds(DatabaseExtensions.CommandTimeout)
            .ShouldBeGreaterThan(TimeSpan.FromMilliseconds(DatabaseExtensions.LockTimeout));
    }
}
