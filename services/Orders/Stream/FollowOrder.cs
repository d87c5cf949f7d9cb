using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;

namespace ForgeShop.Orders;

/// <summary>
/// GET /api/v1/orders/{id}/events: past and future changes of an order's state as server-sent events. The event ID is the order's version;
/// with Last-Event-ID an interrupted client continues after its last event. The stream ends with the order's final state.
/// </summary>
public sealed class FollowOrder(
    IServiceScopeFactory scopes, OrderSignals signals,
    IOptions<FollowOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>The data of an event.</summary>
    public sealed record Change(
        OrderId OrderId, long Version, string Status,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason, DateTimeOffset At);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{id}/events", Handle)
        .WithSummary(
            "Streams every change of an order's state as server-sent events, resumable by Last-Event-ID; ends with the final state.")
        .WithErrorCodes((404, "order-not-found"), (503, "too-many-streams"))
        .Produces<Change>(StatusCodes.Status200OK, "text/event-stream")
        .Produces(StatusCodes.Status204NoContent)
        .DisableRequestTimeout()
        .RequirePermission(Permissions.OrdersSelf, Permissions.OrdersRead);

    private static async Task<IResult> Handle(
        OrderId id, [FromHeader(Name = "Last-Event-ID")] string? lastEventId, Caller caller, HttpContext http, FollowOrder follow,
        CancellationToken cancellationToken)
    {
        // Anything else than a number is not the ID of an event, and leaves 0: the beginning.
        _ = long.TryParse(lastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out var after);
        return await follow.AnswerAsync(id, after, caller, http, cancellationToken);
    }

    private async Task<IResult> AnswerAsync(OrderId id, long after, Caller caller, HttpContext http, CancellationToken cancellationToken)
    {
        // Another user's order gets the same answer as an unknown one.
        if (!await MaySeeAsync(id, caller, cancellationToken))
            return Problems.NotFound("order-not-found", "There is no such order.");
        var known = await ReadAsync(id, 0, cancellationToken);
        var version = known.Count == 0 ? 0 : known[^1].Version;
        // This order never issued a position behind its last event, so the stream starts at the beginning.
        if (after > version)
            after = 0;
        // The client already has all events. 204 stops its reconnects.
        if (after > 0 && after == version && IsFinal(known[^1]))
            return TypedResults.NoContent();
        if (HeadAndOptions.IsHead(http))
            return new EventStream(AsyncEnumerable.Empty<SseItem<string>>());
        if (signals.TryFollow(id, caller.Id, options.Value) is not { } subscription)
            return Problems.Unavailable("too-many-streams", "Too many orders are being followed right now.", RetryAfter);

        // Disposed with the stream, also if it never starts.
        http.Response.RegisterForDispose(subscription);
        // A stream ends when the access token expires; the client reconnects with a new token and Last-Event-ID.
        var longest = TokenLifetime.LeftOf(http.User, time.GetUtcNow(), options.Value.LongestStream);
        return new EventStream(StreamAsync(id, after, longest, subscription, cancellationToken));
    }

    private async Task<bool> MaySeeAsync(OrderId id, Caller caller, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<OrdersDb>().MaySeeAsync(id, caller, cancellationToken);
    }

    private async IAsyncEnumerable<SseItem<string>> StreamAsync(
        OrderId id, long after, TimeSpan longest, OrderSignals.Subscription subscription,
        [EnumeratorCancellation] CancellationToken cancellationToken)
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
                // Keeps proxies from closing an idle connection, and detects a client that has left.
                yield return new SseItem<string>("{}", "heartbeat");
                told = time.GetTimestamp();
            }

            if (subscription.IsDisplaced)
            {
                // Keeps the client from reconnecting and displacing the next stream.
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
            // The client left or the service stops: the loop ends the stream.
        }
    }

    /// <summary>Reads in a scope of its own, so that a long stream holds no database connection.</summary>
    private async Task<List<Change>> ReadAsync(OrderId id, long after, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var changes = await scope.ServiceProvider.GetRequiredService<OrdersDb>().Set<OrderChange>().AsNoTracking()
            .Where(change => change.OrderId == id && change.Version > after).OrderBy(change => change.Version)
            .ToListAsync(cancellationToken);
        return changes.ConvertAll(change =>
            new Change(change.OrderId, change.Version, change.Status.ToName(), change.Reason?.ToName(), change.At));
    }

    private static bool IsFinal(Change change) => EnumNames.Parse<OrderStatus>(change.Status).IsFinal();

    /// <summary>
    /// Server-sent events that send the headers and a comment at once. Otherwise a client could not tell an open stream from a lost one
    /// before the first event.
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
    /// <summary>The poll interval of a stream, for changes by other replicas.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The maximum time between two writes: shorter than the idle time-out of proxies (the gateway's is 25 s).</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The maximum duration of a stream, if the access token does not expire before. The client reconnects with Last-Event-ID.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestStream { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The maximum number of streams in one replica.</summary>
    [Range(1, 100_000)]
    public int MaxStreams { get; set; } = 1000;

    /// <summary>The maximum number of streams of one user; one more displaces the oldest.</summary>
    [Range(1, 100_000)]
    public int MaxStreamsPerUser { get; set; } = 20;
}
