using System.Net;
using System.Text.Json;
using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using Spectre.Console;

namespace ForgeShop.Operator.Demo;

/// <summary>
/// Places three orders: derives every ID, calls the shop, follows the orders until they end, then reads every store directly and compares.
/// </summary>
public sealed class DemoRun(RunningShop shop, IAnsiConsole console)
{
    private static readonly TimeSpan ArrivalTimeout = TimeSpan.FromSeconds(60);

    /// <returns>Whether every store contains the derived IDs.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var story = new DemoStory(new ForgeIds(), Guid.NewGuid().ToString("N")[..10]);
        console.MarkupLine($"derived {story.Entities.Count} IDs from natural keys; the shop has not been called yet");

        using var http = new HttpClient { BaseAddress = new Uri(shop.Gateway), Timeout = TimeSpan.FromSeconds(30) };
        using var client = new ShopClient(http);
        await RegisterAndLogIn(client, story, cancellationToken);
        foreach (var order in new[] { story.Confirmed, story.OutOfStock, story.Declined })
        {
            await PlaceOrder(client, order, cancellationToken);
            await FollowOrder(client, order, cancellationToken);
        }

        console.WriteLine();
        foreach (var order in new[] { story.Confirmed, story.OutOfStock, story.Declined })
            DemoTimeline.Print(console, order, await Arrived(client, order, cancellationToken));
        await client.GetAsync($"/api/v1/orders/{story.Order}", cancellationToken);
        console.MarkupLine("the orders reached every service; reading the stores directly");
        console.WriteLine();

        List<StoredId> storedIds =
        [
            .. await PostgresStoredIds.ReadAsync(shop.Stores.Postgres, story, cancellationToken),
            .. await RedisStoredIds.ReadAsync(shop.Stores.Redis, story),
            .. await DocumentStoredIds.ReadAsync(shop.Stores.Documents, story, cancellationToken),
            .. KafkaStoredIds.Read(shop.Stores.Kafka, story, cancellationToken),
            .. shop.Services.ContainsKey("recommendations")
                ? await RecommendationsStoredIds.ReadAsync(shop.Stores.Postgres, story, cancellationToken)
                : [],
        ];
        var allMatch = DemoTable.Print(console, story, storedIds);
        await WritePaymentReports(client, story, cancellationToken);
        return allMatch;
    }

    private async Task WritePaymentReports(ShopClient client, DemoStory story, CancellationToken cancellationToken)
    {
        var product = await client.GetAsync($"/api/v1/products/{story.Confirmed.Sku}", cancellationToken);
        var total = product.GetProperty("price").Deserialize<Money>(JsonSerializerOptions.Web) * story.Confirmed.Quantity;
        await PaymentReports.WriteAsync(shop.Folder, shop.Stores.Postgres, story, total, cancellationToken);
        string PathTo(string file) => Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, shop.Folder), file);
        console.WriteLine();
        console.WriteLine("compare the provider's charges with the exported payments, without a service or a mapping table:");
        console.WriteLine("  python3 polyglot/python/audit_payments.py \\");
        console.WriteLine($"    {PathTo(PaymentReports.ProviderFile)} {PathTo(PaymentReports.ExportFile)}");
    }

    private async Task RegisterAndLogIn(ShopClient client, DemoStory story, CancellationToken cancellationToken)
    {
        var account = new ShopLogin(story.Email, $"Demo-{Guid.NewGuid():N}");
        (await client.RegisterAsync(account, "Ada Lovelace", cancellationToken)).Expect(HttpStatusCode.Created);
        (await client.LogInAsync(account, cancellationToken)).Expect(HttpStatusCode.OK);
        console.MarkupLine("registered a user and logged in");
        await client.GetAsync($"/api/v1/users/{story.User}", cancellationToken); // fills the cache
    }

    private async Task PlaceOrder(ShopClient client, DemoOrder order, CancellationToken cancellationToken)
    {
        var answer = await client.PlaceOrderAsync(order.Key, [new(order.Sku, order.Quantity)], order.PaymentMethod, cancellationToken);
        answer.Expect(HttpStatusCode.Accepted);
        var link = shop.Dashboard is null ? "" : $": {shop.Dashboard.TrimEnd('/')}/traces/detail/{answer.TraceId}";
        console.MarkupLineInterpolated(
            $"placed an order: {order.Quantity} × {order.Sku}, {order.PaymentMethod}; its trace is {answer.TraceId}{link}");
    }

    /// <summary>Prints the order's changes from the event stream, which ends with the last one.</summary>
    private async Task FollowOrder(ShopClient client, DemoOrder order, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ArrivalTimeout);
        var states = new List<string>();
        try
        {
            await foreach (var status in client.FollowOrderAsync(order.Id, timeout.Token))
                states.Add(status);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OperatorException(
                $"the order stayed {states.LastOrDefault("unknown")} for {ArrivalTimeout.TotalSeconds:0} s; "
                + "the dashboard shows where it stopped");
        }

        console.MarkupLineInterpolated($"  followed it live: {string.Join(" → ", states)}");
    }

    /// <summary>Returns the order's timeline once it is complete: the last event is that of the last notification.</summary>
    private static async Task<IReadOnlyList<JsonElement>> Arrived(ShopClient client, DemoOrder order, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ArrivalTimeout);
        IReadOnlyList<string> types = [];
        try
        {
            while (true)
            {
                var answer = await client.SendAsync(HttpMethod.Get, $"/api/v1/reports/orders/{order.Id}/timeline", timeout.Token);
                if (answer.Status is HttpStatusCode.OK)
                {
                    var events = answer.Json.GetProperty("events").EnumerateArray().ToList();
                    types = events.ConvertAll(@event => @event.GetProperty("type").GetString()!);
                    if (types.Any(type => type != order.End && (type == OrderConfirmed.Type || type == OrderCancelled.Type)))
                        throw AnotherWay();
                    // The events of each service are in order; those of two services are not ordered.
                    if (types.Contains(order.Turn) && types.Contains(order.End)
                        && types.Count(type => type == NotificationSent.Type) == types.Count(type =>
                        type.StartsWith("orders.", StringComparison.Ordinal)))
                        return events;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(200), timeout.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw types.Contains(order.End) && !types.Contains(order.Turn)
                ? AnotherWay()
                : new OperatorException(
                    $"the order did not reach Reporting within {ArrivalTimeout.TotalSeconds:0} s; the dashboard shows where it stopped");
        }

        OperatorException AnotherWay() =>
            new($"the order '{order.Title}' had unexpected events: {string.Join(", ", types)}; "
                + "./forge up --fresh starts with a full stock");
    }
}
