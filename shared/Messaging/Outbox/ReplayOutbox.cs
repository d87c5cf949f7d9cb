using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace ForgeShop.Messaging;

/// <summary>POST /operations/outbox/replay?since=: for the operator's <c>forge outbox replay</c>. The gateway does not route it.</summary>
public static class ReplayOutbox
{
    private const int BatchSize = 5000;

    public sealed record Answer(long Events);

    public static RouteHandlerBuilder MapOutboxReplay(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/operations/outbox/replay", HandleAsync)
            .WithName("ReplayOutbox")
            .WithSummary("Publishes all messages since a time again. Consumers drop the ones that they have handled.")
            .Produces<Answer>()
            .ExcludeFromDescription();

    private static async Task<IResult> HandleAsync(
        DateTimeOffset since, HttpContext request, [FromServices] MessagingModel model, [FromServices] OutboxRelay relay,
        [FromServices] TimeProvider time, IHostApplicationLifetime lifetime, ILogger<OutboxRelay> logger)
    {
        // A replay runs to its end even if the caller leaves.
        var events = await MarkAsync(
            model.OpenStore(request.RequestServices)!, since.ToUniversalTime(), time.GetUtcNow(), lifetime.ApplicationStopping);
        relay.Wake();
        logger.LogInformation("Replaying {Events} messages since {Since:O} on request of an operator", events, since);
        return Results.Json(new Answer(events), ContractsJson.Options);
    }

    /// <summary>Marks everything since a time as unpublished, in bounded batches, and returns the number of messages.</summary>
    internal static async Task<long> MarkAsync(DbContext db, DateTimeOffset since, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (total, count) = (0L, BatchSize);
        for (; count == BatchSize; total += count)
        {
            count = await db.Database.ExecuteSqlAsync(
                $"""
                UPDATE outbox SET published_at = NULL, error = NULL WHERE seq IN
                    (SELECT seq FROM outbox WHERE occurred_at >= {since} AND (published_at < {now} OR error IS NOT NULL) LIMIT {BatchSize})
                """, cancellationToken);
        }
        return total;
    }
}
