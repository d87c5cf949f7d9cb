using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Messaging;

/// <summary>POST /operations/outbox/replay?since=: for the operator's <c>forge outbox replay</c>. Not routed from outside.</summary>
public static partial class ReplayOutbox
{
    public sealed record Answer(long Events);

    /// <summary>Maps it, for a service with an outbox.</summary>
    public static RouteHandlerBuilder MapOutboxReplay(this IEndpointRouteBuilder routes) => routes.MapPost("/operations/outbox/replay", Handle)
        .WithName("ReplayOutbox")
        .WithSummary("Publishes again what happened since then. Consumers drop what they had.")
        .Produces<Answer>()
        .ExcludeFromDescription();

    private static async Task<IResult> Handle(
        DateTimeOffset since, [FromServices] IOutboxStore outbox, [FromServices] OutboxSignal signal, IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    {
        // To its end, also when nobody waits for the answer any more.
        var events = await outbox.ReplayAsync(since.ToUniversalTime(), lifetime.ApplicationStopping);
        signal.Set();
        LogReplay(loggers.CreateLogger(typeof(ReplayOutbox)), events, since);
        return TypedResults.Json(new Answer(events), ReplayJson.Default.Answer);
    }

    [LoggerMessage(LogLevel.Information, "{Events} events since {Since:O} are published again, as an operator asked")]
    private static partial void LogReplay(ILogger logger, long events, DateTimeOffset since);

    [JsonSerializable(typeof(Answer))]
    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    private sealed partial class ReplayJson : JsonSerializerContext;
}
