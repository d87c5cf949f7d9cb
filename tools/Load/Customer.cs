using System.Net;
using ForgeShop.Client;
using ForgeShop.Contracts;
using Polly;
using Polly.Retry;

namespace ForgeShop.Load;

/// <summary>
/// A customer of the gateway. Each order has an Idempotency-Key, and requests are repeated until the response is definite, so that the run
/// has the outcome of every order.
/// </summary>
internal sealed class Customer(HttpClient http, RunStatistics statistics, string email, string password, TimeProvider time) : IDisposable
{
    // Longer than the longest outage of a chaos run.
    private static readonly TimeSpan RetryTimeout = TimeSpan.FromMinutes(4);

    private readonly ShopLogin _login = new(email, password);
    private readonly ShopClient _shop = new(http, new(email, password), Retries(statistics, time));

    public string Email => email;

    public async Task RegisterAsync(string name, CancellationToken cancellationToken)
    {
        var answer = await _shop.RegisterAsync(_login, name, cancellationToken);
        // email-taken: an earlier attempt succeeded and its response was lost.
        if (answer.Code != "email-taken")
            answer.Expect(HttpStatusCode.Created);
    }

    /// <summary>Places an order.</summary>
    /// <returns>Whether the gateway accepted it.</returns>
    public async Task<bool> PlaceAsync(
        string key, IReadOnlyList<OrderedItem> items, string paymentMethod, CancellationToken cancellationToken)
    {
        if (!Expect(await _shop.PlaceOrderAsync(key, items, paymentMethod, cancellationToken), HttpStatusCode.Accepted))
            return false;
        statistics.OrderPlaced();
        return true;
    }

    public async Task ReadAsync(OrderId order, CancellationToken cancellationToken) =>
        Expect(await _shop.SendAsync(HttpMethod.Get, $"/api/v1/orders/{order}", cancellationToken), HttpStatusCode.OK);

    /// <summary>Reads the event stream of an order until it ends, which is when the order is confirmed or cancelled.</summary>
    /// <exception cref="TimeoutException">The stream did not end in time.</exception>
    public async Task FollowAsync(OrderId order, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(RetryTimeout);
        var last = "";
        try
        {
            await foreach (var status in _shop.FollowOrderAsync(order, timeout.Token))
                last = status;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"the order stayed '{last}' for {RetryTimeout.TotalMinutes:0} minutes");
        }

        if (last is not ("confirmed" or "cancelled"))
            statistics.UnexpectedResponse($"GET /orders/…/events ended with status '{last}'");
    }

    public async Task CancelAsync(OrderId order, CancellationToken cancellationToken) =>
        Expect(await _shop.CancelOrderAsync(order, cancellationToken), HttpStatusCode.Accepted, HttpStatusCode.Conflict);

    public async Task PutProductAsync(string sku, string name, Money price, int stock, CancellationToken cancellationToken)
    {
        // 428: an earlier attempt created it and its response was lost. SKUs are new in each run.
        var answer = await _shop.PutProductAsync(sku, name, price, stock, cancellationToken);
        answer.Expect(HttpStatusCode.Created, HttpStatusCode.PreconditionRequired);
    }

    /// <summary>Logs in and returns the access token.</summary>
    public async Task<string> TokenAsync(CancellationToken cancellationToken)
    {
        (await _shop.LogInAsync(_login, cancellationToken)).Expect(HttpStatusCode.OK);
        return _shop.AccessToken!;
    }

    public void Dispose() => _shop.Dispose();

    private bool Expect(ShopAnswer answer, params ReadOnlySpan<HttpStatusCode> statuses)
    {
        if (statuses.Contains(answer.Status))
            return true;
        statistics.UnexpectedResponse(answer.ToString());
        return false;
    }

    private static ResiliencePipeline<ShopAnswer> Retries(RunStatistics statistics, TimeProvider time) =>
        new ResiliencePipelineBuilder<ShopAnswer> { TimeProvider = time }
            .AddTimeout(RetryTimeout)
            .AddRetry(new RetryStrategyOptions<ShopAnswer>
            {
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Result is { Status: var status }
                    ? (int)status is >= 500 or 401 or 408 or 429
                    : attempt.Outcome.Exception is HttpRequestException or OperationCanceledException or IOException
                        && !attempt.Context.CancellationToken.IsCancellationRequested),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(250),
                MaxDelay = TimeSpan.FromSeconds(4),
                UseJitter = true,
                OnRetry = _ =>
                {
                    statistics.RequestResent();
                    return default;
                },
            })
            .Build();
}
