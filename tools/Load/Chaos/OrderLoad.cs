using System.Collections.Concurrent;
using ForgeShop.Client;
using ForgeShop.Contracts;
using Polly.Timeout;

namespace ForgeShop.Load.Chaos;

/// <summary>An order that the gateway accepted; the client derives both IDs.</summary>
internal sealed record AcceptedOrder(OrderId Id, UserId User);

/// <summary>Places orders at a constant rate; some are cancelled at once.</summary>
internal sealed class OrderLoad(
    IReadOnlyList<Customer> customers, IReadOnlyList<string> skus, ForgeIds ids, RunStatistics statistics, Random random, TimeProvider time)
{
    private const int MaxOpenRequests = 200;
    private const double CancelShare = 0.05;

    // How often each payment method is used, in percent.
    private static readonly (string Method, int Share)[] PaymentMethods =
        [("sim-ok", 70), ("sim-declined", 10), ("sim-lost-answer", 10), ("sim-slow", 7), ("sim-timeout", 3)];

    public ConcurrentQueue<AcceptedOrder> Accepted { get; } = new();

    /// <summary>
    /// Places <paramref name="perSecond"/> orders a second until <paramref name="ending"/>, and waits for every response.
    /// </summary>
    public async Task RunAsync(double perSecond, CancellationToken ending, CancellationToken cancellationToken)
    {
        using var open = new SemaphoreSlim(MaxOpenRequests);
        using var beat = new PeriodicTimer(TimeSpan.FromSeconds(1 / perSecond), time);
        var orders = new List<Task>();
        for (var number = 1; !ending.IsCancellationRequested; number++)
        {
            await open.WaitAsync(cancellationToken);
            var plan = Plan(number);
            orders.Add(Task.Run(() => PlaceAsync(plan, open, cancellationToken), cancellationToken));
            await beat.WaitForNextTickAsync(cancellationToken);
        }

        await Task.WhenAll(orders);
    }

    private sealed record OrderPlan(Customer Customer, string Key, IReadOnlyList<OrderedItem> Items, string PaymentMethod, bool Cancels);

    private OrderPlan Plan(int number)
    {
        var items = random.GetItems(skus.ToArray(), random.Next(1, 4)).Distinct().Select(sku => new OrderedItem(sku, random.Next(1, 4)))
            .ToList();
        var draw = random.Next(100);
        var method = PaymentMethods.First(candidate => (draw -= candidate.Share) < 0).Method;
        return new(customers[random.Next(customers.Count)], $"chaos-{number}", items, method, random.NextDouble() < CancelShare);
    }

    private async Task PlaceAsync(OrderPlan plan, SemaphoreSlim open, CancellationToken cancellationToken)
    {
        try
        {
            var user = ids.User(plan.Customer.Email);
            var order = ids.Order(user, plan.Key);
            if (!await plan.Customer.PlaceAsync(plan.Key, plan.Items, plan.PaymentMethod, cancellationToken))
                return;
            Accepted.Enqueue(new(order, user));
            if (plan.Cancels)
                await plan.Customer.CancelAsync(order, cancellationToken);
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutRejectedException)
        {
            statistics.UnexpectedResponse("POST /orders got no response: " + error.Message);
        }
        finally
        {
            open.Release();
        }
    }
}
