using System.Net;
using ForgeShop.Client;

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
        using var http = new HttpClient { BaseAddress = gateway, Timeout = RequestTimeout };
        var customers = new ShopClient?[Customers];
        try
        {
            for (var number = 1; await timer.WaitForNextTickAsync(cancellationToken);)
            {
                var customer = number % Customers;
                try
                {
                    var shop = customers[customer] ??= await RegisterAsync(
                        http, new($"customer-{customer}.{run}@example.com", password), cancellationToken);
                    await OrderAsync(shop, number, cancellationToken);
                    number++;
                }
                catch (Exception error) when (error is HttpRequestException or ShopException or OperationCanceledException
                    && !cancellationToken.IsCancellationRequested)
                {
                    await output.WriteLineAsync($"order {number} failed: {error.Message}");
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await output.WriteLineAsync("stopped");
        }
        finally
        {
            foreach (var customer in customers)
                customer?.Dispose();
        }
    }

    private static async Task<ShopClient> RegisterAsync(HttpClient http, ShopLogin account, CancellationToken cancellationToken)
    {
        var shop = new ShopClient(http, account);
        (await shop.RegisterAsync(account, "Steady Customer", cancellationToken)).Expect(HttpStatusCode.Created, HttpStatusCode.Conflict);
        return shop;
    }

    private async Task OrderAsync(ShopClient shop, int number, CancellationToken cancellationToken)
    {
        var paymentMethod = PaymentMethods[number % PaymentMethods.Length];
        var first = await PlaceAsync();
        if (number % TwiceEvery != 0)
        {
            await output.WriteLineAsync($"order {number}: {first} ({paymentMethod})");
            return;
        }

        var second = await PlaceAsync();
        await output.WriteLineAsync(
            $"order {number}: {first} ({paymentMethod}), sent twice: {(first == second ? "one order" : $"TWO ORDERS, {second}")}");

        async Task<string> PlaceAsync()
        {
            var answer = await shop.PlaceOrderAsync($"customers-{run}-{number}", [new(Sku, 1)], paymentMethod, cancellationToken);
            return answer.Expect(HttpStatusCode.Accepted).Json.GetProperty("id").GetString()!;
        }
    }
}
