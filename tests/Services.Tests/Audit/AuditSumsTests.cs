using System.Globalization;
using System.Text.Json;
using ForgeShop.Contracts.Audit;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>The sums of a consistent shop's reports, compared with the database of Orders.</summary>
[Collection(nameof(AuditCollection))]
public sealed class AuditSumsTests(AuditFixture shop)
{
    private const string Sold = "confirmed_at is not null and status <> 'cancelled'";

    [Fact]
    public async Task Sums_of_the_reports_equal_the_database_of_Orders()
    {
        var user = await shop.RegisterAsync();
        await shop.CompleteAsync(user, "sum-1");
        await shop.CompleteAsync(user, "sum-2", "sim-declined");
        var cancelled = await shop.CompleteAsync(user, "sum-3");
        var answer = await shop.Orders.As(user).Send(HttpMethod.Post, $"/api/v1/orders/{cancelled}/cancel", null);
        answer.Text("status").ShouldBe("cancelling");
        await Eventually.True("the order is cancelled", async _ =>
            await shop.Orders.Database.Scalar<string>("select status from orders where id = $1", cancelled.Value) == "cancelled");
        AuditFixture.ShouldBeConsistent(await shop.AuditAsync());

        (await ReadAsync("v1/reports/sales", "days", "revenue", "date", "orderCount")).ShouldBe(await QueryAsync($"""
            select (confirmed_at at time zone 'UTC')::date || ' ' || count(*) || ' ' || trim_scale(sum(total_amount)) as line
            from orders where {Sold} group by (confirmed_at at time zone 'UTC')::date
            """));
        (await ReadAsync("v1/reports/products", "items", "revenue", "productId", "orderCount", "quantity")).ShouldBe(await QueryAsync($"""
            select product_id || ' ' || count(*) || ' ' || sum(quantity) || ' ' || trim_scale(sum(quantity * unit_price_amount)) as line
            from order_lines join orders on orders.id = order_id where {Sold} group by product_id
            """));
        (await ReadAsync("v2/reports/top-customers?limit=100", "items", "totalSpent", "user", "orderCount")).ShouldBe(await QueryAsync($"""
            select user_id || ' ' || count(*) || ' ' || trim_scale(sum(total_amount)) as line from orders where {Sold} group by user_id
            """));
        var customer = (await shop.Reporting.Http.Get($"/api/v1/reports/customers?id={user}")).Body;
        (Line(customer, "totalSpent", "user", "orderCount"), customer.GetProperty("orders").GetArrayLength())
            .ShouldBe(($"{user} 3 12.5", 3));
    }

    private async Task<string[]> ReadAsync(string report, string list, string sum, params string[] members) =>
    [
        .. (await shop.Reporting.Http.Get($"/api/{report}")).Body.GetProperty(list).EnumerateArray()
            .Where(item => item.GetProperty("orderCount").GetInt64() > 0).Select(item => Line(item, sum, members))
            .Order(StringComparer.Ordinal),
    ];

    private async Task<string[]> QueryAsync(string sql) =>
        (await shop.Orders.Database.Scalar<string>($"select string_agg(line, E'\\n' order by line collate \"C\") from ({sql}) lines"))
            .Split('\n');

    private static string Line(JsonElement item, string sum, params string[] members) =>
        string.Join(' ', members.Select(member => Text(item.GetProperty(member))).Append(Amount(item.GetProperty(sum))));

    private static string Text(JsonElement member) =>
        member.ValueKind is JsonValueKind.Object ? $"{member.GetProperty("id")}" : $"{member}";

    // A sum, or a list with one sum for each currency. The fixture has one.
    private static string Amount(JsonElement sum) => sum.ValueKind is JsonValueKind.Array
        ? Amount(sum.EnumerateArray().Single())
        : ContentHash.Amount(decimal.Parse(sum.GetProperty("amount").GetString()!, CultureInfo.InvariantCulture));
}
