using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace ForgeShop.Fuzz;

/// <summary>A request that the shop does not answer as it should, at its smallest.</summary>
public sealed record FuzzFailure(int Number, string What, RawRequest Request, string Answer)
{
    public override string ToString() => $"request {Number}: {What}\n  {Request}\n  {Answer}";
}

/// <summary>
/// Sends seeded odd requests and judges the answers. The same seed and number is the same request, but for IDs of orders and the token.
/// </summary>
public sealed class FuzzRun(FuzzedShop shop, int seed, TimeProvider time)
{
    private const int Workers = 4;
    private const int MaxFailures = 10;
    private static readonly TimeSpan LoginEvery = TimeSpan.FromMinutes(4);

    private readonly ConcurrentDictionary<string, FuzzFailure> _failures = new();
    private readonly ConcurrentDictionary<string, bool> _accepted = new();
    private readonly RawConnection _connection = new(shop.Gateway, time);
    private int _sent;

    /// <summary>Gets the number of requests that were sent, those of shrinking included.</summary>
    public int Sent => _sent;

    /// <summary>Sends requests until there are enough or the time is over.</summary>
    /// <returns>What failed: one request for each kind of failure.</returns>
    public async Task<IReadOnlyList<FuzzFailure>> RunAsync(int requests, TimeSpan duration, CancellationToken cancellationToken)
    {
        var operations = ApiOperation.Of(await shop.PrepareAsync(cancellationToken));
        var before = await shop.StateAsync(cancellationToken);
        var (generator, oracle) = (new RequestGenerator(shop, operations), new Oracle(operations));
        var (started, number) = (time.GetTimestamp(), 0);
        var login = KeepLoggedInAsync(started, () => number >= requests || time.GetElapsedTime(started) >= duration, cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync()));
        await login;

        var after = await shop.StateAsync(cancellationToken);
        var unasked = after.Where(fact => !before.Contains(fact) && !_accepted.ContainsKey(fact)).ToList();
        if (unasked.Count > 0)
            _failures["state"] = new(
                number, $"refused requests changed something: {string.Join(", ", unasked.Take(5))}", new("", "", "", [], ""), "");
        return [.. _failures.Values.OrderBy(failure => failure.Number)];

        async Task WorkAsync()
        {
            while (_failures.Count < MaxFailures && time.GetElapsedTime(started) < duration
                && Interlocked.Increment(ref number) is var mine && mine <= requests)
            {
                var (request, mutations) = generator.Draw(new Random(HashCode(seed, mine)));
                if (await WhatFailsAsync(Mutated(request, mutations), oracle, generator, cancellationToken) is { } failure)
                    await ShrinkAsync(mine, request, mutations, failure.What, oracle, generator, cancellationToken);
            }
        }
    }

    private async Task KeepLoggedInAsync(long started, Func<bool> isOver, CancellationToken cancellationToken)
    {
        var last = started;
        while (!isOver() && _failures.Count < MaxFailures)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellationToken);
            if (time.GetElapsedTime(last) < LoginEvery)
                continue;
            await shop.LogInAsync(cancellationToken);
            last = time.GetTimestamp();
        }
    }

    /// <summary>Leaves out mutations, then headers, then halves of the body, as long as the same thing fails.</summary>
    private async Task ShrinkAsync(
        int number, RawRequest original, IReadOnlyList<Mutation> mutations, string what, Oracle oracle, RequestGenerator generator,
        CancellationToken cancellationToken)
    {
        foreach (var mutation in mutations)
        {
            var fewer = mutations.Where(other => other != mutation).ToList();
            if (await FailsAsync(Mutated(original, fewer)))
                mutations = fewer;
        }

        var smallest = Mutated(original, mutations);
        foreach (var header in smallest.Headers)
        {
            var fewer = smallest with { Headers = [.. smallest.Headers.Where(other => !ReferenceEquals(other, header))] };
            if (await FailsAsync(fewer))
                smallest = fewer;
        }

        while (smallest.Body.Length > 1
            && smallest with { Body = smallest.Body[..(smallest.Body.Length / 2)] } is var shorter && await FailsAsync(shorter))
            smallest = shorter;
        var last = await WhatFailsAsync(smallest, oracle, generator, cancellationToken);
        // A store that was slow for a moment is no fault, and does not come again.
        if (last is null && what == "status 503")
            return;
        var operation = oracle.OperationOf(smallest)?.Id ?? smallest.Method;
        _failures.TryAdd($"{operation} {what}", new(number, what + (last is null ? " (not again)" : ""), smallest, last?.Answer ?? ""));

        async Task<bool> FailsAsync(RawRequest request) =>
            (await WhatFailsAsync(request, oracle, generator, cancellationToken))?.What == what;
    }

    private async Task<(string What, string Answer)?> WhatFailsAsync(
        RawRequest request, Oracle oracle, RequestGenerator generator, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _sent);
        try
        {
            foreach (var answer in await _connection.SendAsync(request, cancellationToken))
            {
                if (oracle.Judge(request, answer) is { } what)
                    return (what, $"{answer}");
                if (answer.Status is >= 200 and < 300 && answer.ContentType == "application/json" && answer.Body.Length > 0)
                    Accept(request, JsonNode.Parse(answer.Body), generator);
            }

            return null;
        }
        catch (TimeoutException error)
        {
            return (error.Message, "");
        }
    }

    /// <summary>Remembers what a success showed: the new state after a change, and an order for later requests.</summary>
    private void Accept(RawRequest request, JsonNode? body, RequestGenerator generator)
    {
        if (body is not JsonObject || body["id"] is not JsonValue id)
            return;
        if (request.Method is not ("GET" or "HEAD"))
        {
            foreach (var fact in FuzzedShop.FactsOf(body))
                _accepted[fact] = true;
        }
        if (body["placedAt"] is not null && generator.Orders.Count < 100)
            generator.Orders.Add($"{id}");
    }

    private static RawRequest Mutated(RawRequest request, IReadOnlyList<Mutation> mutations) =>
        mutations.Aggregate(request, (changed, mutation) => mutation.Apply(changed));

    private static int HashCode(int seed, int number) => unchecked((seed * 16_777_619) ^ (number * 92_821));
}
