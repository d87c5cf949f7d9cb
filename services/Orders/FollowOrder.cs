using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
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
        .ProducesProblem(StatusCodes.Status429TooManyRequests)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
        .RequirePermission(Permissions.OrdersSelf, Permissions.OrdersRead);

    private static async Task<IResult> Handle(
        OrderId id, [FromHeader(Name = "Last-Event-ID")] string? lastEventId, Caller caller, HttpContext http, FollowOrder follow, CancellationToken cancellationToken)
    {
        var after = 0L;
        if (!string.IsNullOrEmpty(lastEventId) && !long.TryParse(lastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out after))
            return Problems.Validation("Last-Event-ID", "This is not the ID of an event of an order.");
        return await follow.AnswerAsync(id, after, caller, http, cancellationToken);
    }

    private async Task<IResult> AnswerAsync(OrderId id, long after, Caller caller, HttpContext http, CancellationToken cancellationToken)
    {
        // Somebody else's order is answered as one that does not exist.
        if (!await MaySeeAsync(id, caller, cancellationToken))
            return Problems.NotFound("order-not-found", "There is no such order.");
        var known = await ReadAsync(id, 0, cancellationToken);
        // To a client that has everything already and would only be told so again and again, 204 says that it need not come back.
        if (known is [.., var last] && last.Version <= after && IsFinal(last))
            return TypedResults.NoContent();
        if (signals.TryFollow(id, caller.Id, options.Value, out var isUsersLimit) is not { } subscription)
        {
            return isUsersLimit
                ? Problems.TooManyRequests("too-many-streams-per-user", "This user follows as many orders as one may at the same time.", RetryAfter)
                : Problems.Unavailable("too-many-streams", "Too many orders are being followed right now.", RetryAfter);
        }

        // Ends with the stream, also where it is never begun.
        http.Response.RegisterForDispose(subscription);
        http.Response.Headers.CacheControl = "no-store";
        // Nobody is told anything with a token that has expired: the client comes back with a fresh one, and Last-Event-ID.
        var longest = TokenLifetime.LeftOf(http.User, time.GetUtcNow(), options.Value.LongestStream);
        return TypedResults.ServerSentEvents(StreamAsync(id, after, longest, subscription, cancellationToken));
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
}

/// <summary>Configuration section <c>FollowOrder</c>.</summary>
public sealed class FollowOptions
{
    /// <summary>How often a stream looks by itself: for changes that another replica made.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest silence. Shorter than the time after which a proxy gives up (the gateway's is 30 s).</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Then the stream ends, if the access token does not expire before, and a client that is still there comes back with Last-Event-ID.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestStream { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>So many streams at the same time in one instance.</summary>
    [Range(1, 100_000)]
    public int MaxStreams { get; set; } = 1000;

    /// <summary>So many of them may be one user's.</summary>
    [Range(1, 100_000)]
    public int MaxStreamsPerUser { get; set; } = 20;
}
