using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace ForgeShop.Operator.Customers;

/// <summary>
/// <c>customers</c>: a small, steady stream of orders for a running shop. Every fifth order is sent twice with the same Idempotency-Key,
/// like the retry of a client after a lost answer; the second request returns the same order.
/// </summary>
/// <param name="gateway">The base address of the shop.</param>
/// <param name="perMinute">Orders a minute.</param>
/// <param name="output">One line for each order.</param>
public sealed class CustomerStream(Uri gateway, double perMinute, TextWriter output, TimeProvider time)
{
    // The mug has the largest stock of the seeded catalogue.
    private const string Sku = "MUG-FORGE";
    private const int Customers = 5;
    private const int TwiceEvery = 5;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);
    private static readonly string[] PaymentMethods = ["sim-ok", "sim-ok", "sim-ok", "sim-ok", "sim-declined", "sim-lost-answer"];

    // Each run has its own customers and keys.
    private readonly string run = Guid.NewGuid().ToString("n")[..8];
    private readonly string password = $"Aa1-{Guid.NewGuid():n}";

    /// <summary>
    /// Places orders until <paramref name="cancellationToken"/> is cancelled. A failed order is retried at the next turn.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1 / perMinute), time);
        var clients = new HttpClient?[Customers];
        try
        {
            for (var number = 1; await timer.WaitForNextTickAsync(cancellationToken);)
            {
                var customer = number % Customers;
                try
                {
                    var client = clients[customer] ??= await RegisterAsync($"customer-{customer}.{run}@example.com", cancellationToken);
                    await OrderAsync(client, number, cancellationToken);
                    number++;
                }
                catch (Exception error) when (error is HttpRequestException or OperatorException or OperationCanceledException
                    && !cancellationToken.IsCancellationRequested)
                {
                    await output.WriteLineAsync($"order {number} failed: {error.Message}");
                    // A new client logs in again: its access token may have expired.
                    clients[customer]?.Dispose();
                    clients[customer] = null;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await output.WriteLineAsync("stopped");
        }
        finally
        {
            foreach (var client in clients)
                client?.Dispose();
        }
    }

    private async Task<HttpClient> RegisterAsync(string email, CancellationToken cancellationToken)
    {
        var client = new HttpClient { BaseAddress = gateway, Timeout = RequestTimeout };
        var account = new { email, name = "Steady Customer", password };
        using var answer = await client.PostAsJsonAsync("/api/v1/users", account, cancellationToken);
        if (answer.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.Conflict))
            throw new OperatorException(string.Create(CultureInfo.InvariantCulture, $"registration returned {(int)answer.StatusCode}"));
        await Login.LogInAsync(client, email, password, cancellationToken);
        return client;
    }

    private async Task OrderAsync(HttpClient client, int number, CancellationToken cancellationToken)
    {
        var order = new
        {
            items = new[] { new { sku = Sku, quantity = 1 } },
            paymentMethod = PaymentMethods[number % PaymentMethods.Length],
            expectedTotal = await Catalogue.PriceAsync(client, Sku, cancellationToken),
        };
        var first = await PlaceAsync(client, number, order, cancellationToken);
        if (number % TwiceEvery != 0)
        {
            await output.WriteLineAsync($"order {number}: {first} ({order.paymentMethod})");
            return;
        }

        var second = await PlaceAsync(client, number, order, cancellationToken);
        await output.WriteLineAsync(
            $"order {number}: {first} ({order.paymentMethod}), sent twice: {(first == second ? "one order" : $"TWO ORDERS, {second}")}");
    }

    private async Task<string> PlaceAsync(HttpClient client, int number, object order, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/orders") { Content = JsonContent.Create(order) };
        request.Headers.Add("Idempotency-Key", $"customers-{run}-{number}");
        using var answer = await client.SendAsync(request, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.Accepted)
            throw new OperatorException(string.Create(CultureInfo.InvariantCulture, $"POST /orders returned {(int)answer.StatusCode}"));
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
    }
}
