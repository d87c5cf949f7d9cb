using System.Net;
using System.Net.Http.Json;

namespace ForgeShop.Services.Tests;

/// <summary>PlaceOrder sends all its rows in one batch without BEGIN and COMMIT: PostgreSQL stores all of them or none.</summary>
public sealed class PlaceOrderAtomicityTests(ServersFixture servers)
{
    [Theory]
    [InlineData("orders", "id")]
    [InlineData("order_lines", "order_id")]
    [InlineData("order_history", "order_id")]
    [InlineData("sagas", "order_id")]
    [InlineData("outbox", "subject")]
    public async Task PlaceOrder_stores_nothing_if_one_of_its_rows_is_refused(string table, string column)
    {
        var (user, sku) = (servers.Ids.User($"{Guid.NewGuid():N}@example.com"), $"ATOMIC-{Guid.NewGuid():N}".ToUpperInvariant());
        (await servers.Inventory.Http.Put(
            $"/api/v1/products/{sku}", new { name = "Tea", price = new { amount = "3.00", currency = "EUR" }, stock = 5 }))
            .ShouldBe(HttpStatusCode.Created);
        var order = servers.Ids.Order(user, "cart-1");
        await Execute($"""
            create function refuse_{table}() returns trigger language plpgsql as
                $$ begin raise exception 'refused' using errcode = '23514'; end $$;
            create trigger refuse before insert on {table} for each row when (new.{column} = '{order}') execute function refuse_{table}();
            """);
        try
        {
            (await Place()).ShouldBe(HttpStatusCode.InternalServerError);
            foreach (var (other, key) in new[]
            {
                ("orders", "id"), ("order_lines", "order_id"), ("order_history", "order_id"), ("sagas", "order_id"), ("outbox", "subject"),
            })
                (await Scalar($"select count(*) from {other} where {key} = '{order}'")).ShouldBe(0, other);
        }
        finally
        {
            await Execute($"drop trigger refuse on {table}; drop function refuse_{table};");
        }

        (await Place()).ShouldBe(HttpStatusCode.Accepted);
        (await Scalar($"select count(*) from {table} where {column} = '{order}'")).ShouldBeGreaterThan(0);

        Task<Answer> Place() => servers.Orders.As(user).Send(
            HttpMethod.Post, "/api/v1/orders", JsonContent.Create(new { items = new[] { new { sku, quantity = 1 } } }),
            ("Idempotency-Key", "cart-1"));
    }

    private Task<long> Scalar(string sql) => servers.Orders.Database.Scalar<long>(sql);

    private async Task Execute(string sql)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(servers.Orders.Database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
