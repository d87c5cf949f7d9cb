using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using ForgeShop.ServiceDefaults.Requests;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ForgeShop.Orders;

/// <summary>
/// GET /api/v1/orders/{id}/events: every change of an order's state as server-sent events, those that were and those to come. The ID of an event is the order's
/// version, so a client that was interrupted goes on behind the last one it saw by Last-Event-ID. Ends with the order's final state.
/// </summary>
public sealed class FollowOrder(
    IServiceScopeFactory scopes, OrderSignals signals, IOptions<FollowOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>The data of an event.</summary>
    public sealed record Change(
        OrderId OrderId, long Version, string Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason, DateTimeOffset At);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{id}/events", Handle)
        .WithName("FollowOrder")
        .WithSummary("Every change of an order's state as server-sent events, live and resumable by Last-Event-ID; ends with the final state.")
        .Produces<Change>(StatusCodes.Status200OK, "text/event-stream")
        .Produces(StatusCodes.Status204NoContent)
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
        .DisableRequestTimeout()
        .RequirePermission(Permissions.OrdersSelf, Permissions.OrdersRead);

    private static async Task<IResult> Handle(
        OrderId id, [FromHeader(Name = "Last-Event-ID")] string? lastEventId, Caller caller, HttpContext http, FollowOrder follow, CancellationToken cancellationToken)
    {
        // What is no number is the ID of no event, and leaves 0: the beginning.
        _ = long.TryParse(lastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out var after);
        return await follow.AnswerAsync(id, after, caller, http, cancellationToken);
    }

    private async Task<IResult> AnswerAsync(OrderId id, long after, Caller caller, HttpContext http, CancellationToken cancellationToken)
    {
        // Somebody else's order is answered as one that does not exist.
        if (!await MaySeeAsync(id, caller, cancellationToken))
            return Problems.NotFound("order-not-found", "There is no such order.");
        var known = await ReadAsync(id, 0, cancellationToken);
        var version = known.Count == 0 ? 0 : known[^1].Version;
        // A position behind the last event was never given by this order: the client has something else in mind, so it gets everything.
        if (after > version)
            after = 0;
        // The client has everything already and would be told so again and again; 204 means that it need not come back.
        if (after > 0 && after == version && IsFinal(known[^1]))
            return TypedResults.NoContent();
        if (HeadAndOptions.IsHead(http))
            return new EventStream(AsyncEnumerable.Empty<SseItem<string>>());
        if (signals.TryFollow(id, caller.Id, options.Value) is not { } subscription)
            return Problems.Unavailable("too-many-streams", "Too many orders are being followed right now.", RetryAfter);

        // Ends with the stream, also where it is never begun.
        http.Response.RegisterForDispose(subscription);
        // Nobody is told anything with a token that has expired: the client comes back with a fresh one, and Last-Event-ID.
        var longest = TokenLifetime.LeftOf(http.User, time.GetUtcNow(), options.Value.LongestStream);
        return new EventStream(StreamAsync(id, after, longest, subscription, cancellationToken));
    }

    private async Task<bool> MaySeeAsync(OrderId id, Caller caller, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<OrdersDb>().MaySeeAsync(id, caller, cancellationToken);
    }

    private async IAsyncEnumerable<SseItem<string>> StreamAsync(
        OrderId id, long after, TimeSpan longest, OrderSignals.Subscription subscription, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var settings = options.Value;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var (began, told) = (time.GetTimestamp(), time.GetTimestamp());
        while (time.GetElapsedTime(began) < longest && !stop.IsCancellationRequested)
        {
            var changes = await ReadAsync(id, after, cancellationToken);
            foreach (var change in changes)
            {
                yield return new SseItem<string>(JsonSerializer.Serialize(change, OrdersJson.Default.Change), "status")
                {
                    EventId = change.Version.ToString(CultureInfo.InvariantCulture),
                };
                (after, told) = (change.Version, time.GetTimestamp());
            }

            if (changes.Count > 0 && IsFinal(changes[^1]))
                yield break;
            if (time.GetElapsedTime(told) >= settings.Heartbeat)
            {
                // So that nobody on the way takes the silence for a dead connection; and so that we notice one.
                yield return new SseItem<string>("{}", "heartbeat");
                told = time.GetTimestamp();
            }

            if (subscription.IsDisplaced)
            {
                // So that the client does not come back and displace the next one.
                yield return new SseItem<string>("{}", "displaced");
                yield break;
            }

            var rest = longest - time.GetElapsedTime(began);
            if (rest > TimeSpan.Zero)
                await WaitAsync(subscription, rest < settings.PollInterval ? rest : settings.PollInterval, stop.Token);
        }
    }

    private async Task WaitAsync(OrderSignals.Subscription subscription, TimeSpan timeout, CancellationToken stop)
    {
        try
        {
            await subscription.WaitAsync(timeout, time, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client left, or the service stops: the loop sees it, and the stream ends in order.
        }
    }

    /// <summary>In a scope of its own: a stream that lasts for minutes holds no connection to the database meanwhile.</summary>
    private async Task<List<Change>> ReadAsync(OrderId id, long after, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var changes = await scope.ServiceProvider.GetRequiredService<OrdersDb>().Set<OrderChange>().AsNoTracking()
            .Where(change => change.OrderId == id && change.Version > after).OrderBy(change => change.Version).ToListAsync(cancellationToken);
        return changes.ConvertAll(change => new Change(change.OrderId, change.Version, change.Status.ToName(), change.Reason?.ToName(), change.At));
    }

    private static bool IsFinal(Change change) => OrderStatuses.Parse(change.Status).IsFinal();

    /// <summary>
    /// Server-sent events whose head and a comment leave at once, also where nothing has happened yet: until then a client cannot tell this
    /// from silence.
    /// </summary>
    private sealed class EventStream(IAsyncEnumerable<SseItem<string>> items) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var (response, aborted) = (httpContext.Response, httpContext.RequestAborted);
            response.ContentType = "text/event-stream";
            response.Headers.CacheControl = "no-store";
            httpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            await response.Body.WriteAsync(": following\n\n"u8.ToArray(), aborted);
            await response.Body.FlushAsync(aborted);
            await SseFormatter.WriteAsync(items, response.Body, aborted);
        }
    }
}

/// <summary>Configuration section <c>FollowOrder</c>.</summary>
public sealed class FollowOptions
{
    /// <summary>How often a stream looks by itself: for changes that another replica made.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest silence. Shorter than the time after which a proxy gives up (the gateway's is 25 s).</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Then the stream ends, if the access token does not expire before, and a client that is still there comes back with Last-Event-ID.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestStream { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>So many streams at the same time in one instance.</summary>
    [Range(1, 100_000)]
    public int MaxStreams { get; set; } = 1000;

    /// <summary>So many of them may be one user's; a further one displaces the oldest.</summary>
    [Range(1, 100_000)]
    public int MaxStreamsPerUser { get; set; } = 20;
}
