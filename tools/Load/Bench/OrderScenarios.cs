using System.Collections.Concurrent;
using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.Load.Chaos;
using Npgsql;

namespace ForgeShop.Load.Bench;

/// <summary>The scenarios of a round: requests to the shop, and the baselines of its servers.</summary>
internal sealed class OrderScenarios(
    HttpClient http, IReadOnlyList<Customer> customers, IReadOnlyList<string> skus, ForgeIds ids, NpgsqlDataSource baseline)
{
    public const string Answer = "gateway-answer", Row = "committed-row", RowAlone = "committed-row-alone", Place = "place-order";
    private const string PaymentMethod = "sim-ok";
    // About the size of an order with its line, its saga, its command and its event.
    private static readonly string RowContent = new('x', 2_000);

    private readonly ConcurrentDictionary<int, (string Key, OrderedItem Line)> _latest = new();
    private int _placed;

    public ForgeIds Ids => ids;

    /// <summary>Gets the orders of all scenarios.</summary>
    public ConcurrentQueue<AcceptedOrder> Accepted { get; } = new();

    /// <summary>Gets the scenarios in the order of a round. Placing orders comes last, because their checkouts run on afterwards.</summary>
    public IReadOnlyList<BenchmarkScenario> All =>
    [
        new(Answer, "response of the gateway itself", customers.Count, null, AnswerAsync),
        new("read-order", "GET /orders/{id}", customers.Count, Answer, ReadAsync),
        new("repeat-order", "POST /orders, repeated", customers.Count, Answer, RepeatAsync),
        new(RowAlone, "row committed in PostgreSQL, 1 client", 1, null, CommitAsync),
        new("checkout-alone", "order from request to confirmed, 1 client", 1, RowAlone, CheckOutAsync),
        new(Row, $"row committed in PostgreSQL, {customers.Count} clients", customers.Count, null, CommitAsync),
        new(Place, "POST /orders, new", customers.Count, Row, PlaceAsync),
    ];

    /// <summary>Creates the baseline's table and places one order for each customer.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await using (
            var command = baseline.CreateCommand(
            "create schema bench; create table bench.rows (id uuid primary key, content text not null)"))
            await command.ExecuteNonQueryAsync(cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, customers.Count).Select(client => PlaceAsync(client, cancellationToken)));
    }

    private async Task AnswerAsync(int client, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync($"/api/v1/ids/users?email={customers[client].Email}", cancellationToken);
        response.EnsureSuccessStatusCode();
        await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    private Task ReadAsync(int client, CancellationToken cancellationToken) =>
        customers[client].ReadAsync(Latest(client), cancellationToken);

    private Task RepeatAsync(int client, CancellationToken cancellationToken)
    {
        var (key, line) = _latest[client];
        return customers[client].PlaceAsync(key, [line], PaymentMethod, cancellationToken);
    }

    private async Task CommitAsync(int client, CancellationToken cancellationToken)
    {
        await using var command = baseline.CreateCommand("insert into bench.rows values ($1, $2)");
        command.Parameters.Add(new NpgsqlParameter { Value = Guid.NewGuid() });
        command.Parameters.Add(new NpgsqlParameter { Value = RowContent });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task PlaceAsync(int client, CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _placed);
        var (key, line) = _latest[client] = ($"bench-{number}", new(skus[number % skus.Count], 1));
        if (await customers[client].PlaceAsync(key, [line], PaymentMethod, cancellationToken))
            Accepted.Enqueue(new(Latest(client), ids.User(customers[client].Email)));
    }

    private async Task CheckOutAsync(int client, CancellationToken cancellationToken)
    {
        await PlaceAsync(client, cancellationToken);
        await customers[client].FollowAsync(Latest(client), cancellationToken);
    }

    private OrderId Latest(int client) => ids.Order(ids.User(customers[client].Email), _latest[client].Key);
}
