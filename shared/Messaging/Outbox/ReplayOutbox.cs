using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace ForgeShop.Messaging;

/// <summary>POST /operations/outbox/replay?since=: for the operator's <c>forge outbox replay</c>. The gateway does not route it.</summary>
public static partial class ReplayOutbox
{
    public sealed record Answer(long Events);

    public static RouteHandlerBuilder MapOutboxReplay(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/operations/outbox/replay", Handle)
            .WithName("ReplayOutbox")
            .WithSummary("Publishes all messages since a time again. Consumers drop the ones that they have handled.")
            .Produces<Answer>()
            .ExcludeFromDescription();

    private static async Task<IResult> Handle(
        DateTimeOffset since, [FromServices] OutboxDatabase database, [FromServices] OutboxSignal signal, [FromServices] TimeProvider time,
        IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    {
        // A replay runs to its end even if the caller leaves.
        var stopping = lifetime.ApplicationStopping;
        await using var connection = await database.ConnectAsync(stopping);
        var events = await OutboxTable.ReplayAsync(connection, since.ToUniversalTime(), time.GetUtcNow(), stopping);
        signal.Set();
        LogReplay(loggers.CreateLogger(typeof(ReplayOutbox)), events, since);
        return TypedResults.Json(new Answer(events), ReplayJson.Default.Answer);
    }

    [LoggerMessage(LogLevel.Information, "Replaying {Events} messages since {Since:O} on request of an operator")]
    private static partial void LogReplay(ILogger logger, long events, DateTimeOffset since);

    [JsonSerializable(typeof(Answer))]
    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    private sealed partial class ReplayJson : JsonSerializerContext;
}
