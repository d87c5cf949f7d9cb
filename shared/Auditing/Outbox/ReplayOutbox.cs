using ForgeShop.Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Auditing;

/// <summary>POST /operations/outbox/replay?since=: for the operator's <c>forge outbox replay</c>. The gateway does not route it.</summary>
public static class ReplayOutbox
{
    public sealed record Answer(long Events);

    /// <summary>Maps the endpoint for the outbox of <typeparamref name="TContext"/>.</summary>
    public static void MapOutboxReplay<TContext>(this IEndpointRouteBuilder routes) where TContext : DbContext =>
        routes.MapPost(
                "/operations/outbox/replay",
                (DateTimeOffset since, HttpContext request, IHostApplicationLifetime lifetime, ILoggerFactory loggers) =>
                    HandleAsync(since, request.RequestServices.GetRequiredService<TContext>(), lifetime, loggers))
            .WithName("ReplayOutbox")
            .WithSummary("Publishes all messages since a time again. Consumers drop the ones that they have handled.")
            .Produces<Answer>()
            .ExcludeFromDescription()
            .RequirePermission(Permissions.MessagingWrite);

    private static async Task<IResult> HandleAsync(
        DateTimeOffset since, DbContext db, IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    {
        // A replay runs to its end even if the caller leaves.
        var events = await db.ReplayAsync(since, lifetime.ApplicationStopping);
        loggers.CreateLogger(typeof(ReplayOutbox))
            .LogInformation("Replaying {Events} messages since {Since:O} on request of an operator", events, since);
        return Results.Json(new Answer(events), ContractsJson.Options);
    }
}
