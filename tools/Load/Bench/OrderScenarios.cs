using System.Collections.Concurrent;
using ForgeShop.Contracts;
using Npgsql;

namespace ForgeShop.Load.Bench;

/// <summary>What is measured: calls of the shop, and what the same servers do without it, with as many clients.</summary>
internal sealed class OrderScenarios(HttpClient http, IReadOnlyList<Customer> customers, IReadOnlyList<string> skus, ForgeIds ids, NpgsqlDataSource database)
{
    public const string Answer = "gateway-answer", Row = "committed-row", RowAlone = "committed-row-alone", Place = "place-order";
    private const string PaymentMethod = "sim-ok";
    // About what an order, its line, its saga, its command and its event take together.
    private static readonly string RowContent = new('x', 2_000);

    private readonly ConcurrentDictionary<int, (string Key, OrderedLine Line)> _latest = new();
    private int _placed;

    /// <summary>Orders that were placed so far, by all ways.</summary>
    public int Placed => _placed;

    /// <summary>What is done in a round, in this order. Placing comes last: what it leaves behind is worked off afterwards.</summary>
    public IReadOnlyList<BenchmarkScenario> All =>
    [
        new(Answer, "an answer of the gateway itself", customers.Count, null, AnswerAsync),
        new("read-order", "GET /orders/{id}", customers.Count, Answer, ReadAsync),
        new("repeat-order", "POST /orders, the same again", customers.Count, Answer, RepeatAsync),
        new(RowAlone, "a row committed in PostgreSQL, one at a time", 1, null, CommitAsync),
        new("checkout-alone", "an order from request to confirmed, one at a time", 1, RowAlone, CheckOutAsync),
        new(Row, "a row committed in PostgreSQL", customers.Count, null, CommitAsync),
        new(Place, "POST /orders, a new one", customers.Count, Row, PlaceAsync),
    ];

    /// <summary>Everybody has one order before anything is measured, and the baseline its table.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await using (var command = database.CreateCommand("create schema bench; create table bench.rows (id uuid primary key, content text not null)"))
            await command.ExecuteNonQueryAsync(cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, customers.Count).Select(client => PlaceAsync(client, cancellationToken)));
    }

    private async Task AnswerAsync(int client, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync($"/api/v1/ids/users?email={customers[client].Email}", cancellationToken);
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    private Task ReadAsync(int client, CancellationToken cancellationToken) => customers[client].ReadAsync(Latest(client), cancellationToken);

    private Task RepeatAsync(int client, CancellationToken cancellationToken)
    {
        var (key, line) = _latest[client];
        return customers[client].PlaceAsync(key, [line], PaymentMethod, cancellationToken);
    }

    private async Task CommitAsync(int client, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("insert into bench.rows values ($1, $2)");
        command.Parameters.Add(new NpgsqlParameter { Value = Guid.NewGuid() });
        command.Parameters.Add(new NpgsqlParameter { Value = RowContent });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task PlaceAsync(int client, CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _placed);
        var (key, line) = _latest[client] = ($"bench-{number}", new(skus[number % skus.Count], 1));
        await customers[client].PlaceAsync(key, [line], PaymentMethod, cancellationToken);
    }

    private async Task CheckOutAsync(int client, CancellationToken cancellationToken)
    {
        await PlaceAsync(client, cancellationToken);
        await customers[client].FollowAsync(Latest(client), cancellationToken);
    }

    private OrderId Latest(int client) => ids.Order(ids.User(customers[client].Email), _latest[client].Key);
}
