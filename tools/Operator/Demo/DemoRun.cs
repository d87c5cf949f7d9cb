using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ForgeShop.Contracts;
using Spectre.Console;

namespace ForgeShop.Operator.Demo;

/// <summary>
/// One order through the whole shop: derive every ID, call the shop, wait for the last event, then read every store directly and compare.
/// </summary>
public sealed class DemoRun(RunningShop shop, IAnsiConsole console)
{
    private static readonly TimeSpan ArrivalTimeout = TimeSpan.FromSeconds(60);

    /// <returns>Whether every store holds the IDs that were derived beforehand.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var story = new DemoStory(new ForgeIds(), Guid.NewGuid().ToString("N")[..10]);
        console.MarkupLine($"derived {story.Entities.Count} IDs from natural keys; the shop has not been called yet");

        using var http = new HttpClient { BaseAddress = new Uri(shop.Gateway), Timeout = TimeSpan.FromSeconds(30) };
        await RegisterAndLogIn(http, story, cancellationToken);
        await PlaceOrder(http, story, cancellationToken);
        await Arrived(http, story, cancellationToken);
        console.MarkupLine("the order reached every service; reading the stores directly");
        console.WriteLine();

        List<Sighting> sightings =
        [
            .. await PostgresSightings.ReadAsync(shop.Stores.Postgres, story, cancellationToken),
            .. await RedisSightings.ReadAsync(shop.Stores.Redis, story),
            .. await DocumentSightings.ReadAsync(shop.Stores.Documents, story, cancellationToken),
            .. KafkaSightings.Read(shop.Stores.Kafka, story, cancellationToken),
        ];
        return DemoTable.Print(console, story, sightings);
    }

    private async Task RegisterAndLogIn(HttpClient http, DemoStory story, CancellationToken cancellationToken)
    {
        var password = $"Demo-{Guid.NewGuid():N}";
        using var answer = await http.PostAsJsonAsync("/api/v1/users", new { email = story.Email, name = "Ada Lovelace", password }, cancellationToken);
        await Expect(answer, HttpStatusCode.Created, "register a user", cancellationToken);
        await Login.LogInAsync(http, story.Email, password, cancellationToken);
        console.MarkupLine("registered a user and logged in");
        await Get(http, $"/api/v1/users/{story.User}", cancellationToken); // read once, so that the cache has it, too
    }

    private async Task PlaceOrder(HttpClient http, DemoStory story, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/orders")
        {
            Content = JsonContent.Create(new { items = new[] { new { sku = DemoStory.Sku, quantity = 2 } } }),
        };
        request.Headers.Add("Idempotency-Key", story.Key);
        using var answer = await http.SendAsync(request, cancellationToken);
        await Expect(answer, HttpStatusCode.Accepted, "place an order", cancellationToken);
        var trace = answer.Headers.TryGetValues("X-Trace-Id", out var values) ? values.First() : "unknown";
        console.MarkupLineInterpolated($"placed an order; its trace is {trace}{(shop.Dashboard is null ? "" : $": {shop.Dashboard.TrimEnd('/')}/traces/detail/{trace}")}");
        await Get(http, $"/api/v1/orders/{story.Order}", cancellationToken);
    }

    /// <summary>The last thing that happens is that Reporting sees the notification.</summary>
    private static async Task Arrived(HttpClient http, DemoStory story, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ArrivalTimeout);
        try
        {
            while (true)
            {
                using var answer = await http.GetAsync($"/api/v1/reports/orders/{story.Order}/timeline", timeout.Token);
                if (answer.IsSuccessStatusCode)
                {
                    var timeline = await answer.Content.ReadFromJsonAsync<JsonElement>(timeout.Token);
                    if (timeline.GetProperty("events").EnumerateArray().Any(@event => @event.GetProperty("id").GetString() == story.NotificationSent.ToString()))
                        return;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(200), timeout.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OperatorException($"the order did not reach Reporting within {ArrivalTimeout.TotalSeconds:0} s; the dashboard shows where it stopped");
        }
    }

    private static async Task Get(HttpClient http, string path, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(path, cancellationToken);
        await Expect(answer, HttpStatusCode.OK, "read it back", cancellationToken);
    }

    private static async Task Expect(HttpResponseMessage answer, HttpStatusCode expected, string what, CancellationToken cancellationToken)
    {
        if (answer.StatusCode != expected)
            throw new OperatorException($"could not {what}: the shop answered {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}");
    }
}
