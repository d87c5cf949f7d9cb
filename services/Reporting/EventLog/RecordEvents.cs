using System.Text.Json;
using ForgeShop.Messaging;

namespace ForgeShop.Reporting;

/// <summary>
/// Records a batch of events in the event log and applies them to the read models; commands are recorded only. A batch that is interrupted
/// is redelivered and changes nothing twice.
/// </summary>
public sealed class RecordEvents(EventLog log, CommandLog commands, ReadModels models, ReportingMetrics metrics, TimeProvider time)
    : IBatchHandler<JsonElement>
{
    public async Task HandleAsync(IReadOnlyList<Received<JsonElement>> events, CancellationToken cancellationToken)
    {
        await commands.AppendAsync(events.Where(IsCommand).Select(command => RecordedCommand.Of(command.Context)), cancellationToken);
        List<Received<JsonElement>> facts = [.. events.Where(message => !IsCommand(message))];
        if (facts.Count == 0)
            return;
        var now = time.GetUtcNow();
        var recorded = await log.AppendAsync([.. facts.Select(@event => RecordedEvent.Of(@event, now))], cancellationToken);
        if (recorded.Count > 0)
            await models.ApplyAsync(recorded, cancellationToken);
        metrics.Applied(recorded.Count, time.GetUtcNow() - facts.Min(fact => fact.Context.Time), facts.Count - recorded.Count);
    }

    private static bool IsCommand(Received<JsonElement> message) =>
        message.Context.Topic is Topics.InventoryCommands or Topics.PaymentCommands;
}
