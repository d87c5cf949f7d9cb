using ForgeShop.Messaging;

namespace ForgeShop.Reporting;

/// <summary>A command as it arrived, without its data, for the view of a correlation. No read model is folded from commands.</summary>
public sealed record RecordedCommand(
    EventId Id, string Type, string Source, Guid Subject, long Sequence, DateTimeOffset Time, CorrelationId? CorrelationId,
    EventId? CausationId, string? TraceId)
{
    public static DocumentField<RecordedCommand, Guid?> CorrelationField { get; } =
        new("correlation", command => command.CorrelationId?.Value);
    public static DocumentField<RecordedCommand, long> TimeField { get; } = new("time", command => command.Time.ToUnixTimeMilliseconds());

    public static DocumentModel<RecordedCommand> Model { get; } = new(
        "commands", ReportingJson.Default.RecordedCommand, [CorrelationField, TimeField]);

    public static RecordedCommand Of(EventEnvelope command) => new(
        command.Id, command.Type, command.Source, command.Subject, command.Sequence, command.Time, command.CorrelationId,
        command.CausationId, RecordedEvent.TraceIdOf(command));
}

/// <summary>All commands that Reporting ever received, under their IDs.</summary>
public sealed class CommandLog(IDocumentStore store)
{
    private readonly IDocumentCollection<RecordedCommand> _commands = store.Collection(RecordedCommand.Model);

    /// <summary>Records the commands that are new.</summary>
    public async Task AppendAsync(IEnumerable<RecordedCommand> commands, CancellationToken cancellationToken)
    {
        var records = commands.DistinctBy(command => command.Id).ToDictionary(command => command.Id.Value);
        if (records.Count > 0)
            await _commands.InsertManyAsync(records, cancellationToken);
    }

    /// <summary>Reads the first commands of a correlation by time.</summary>
    public Task<IReadOnlyList<RecordedCommand>> FindAsync(CorrelationId correlation, int limit, CancellationToken cancellationToken) =>
        _commands.ListAsync(
            new() { Where = (RecordedCommand.CorrelationField, correlation.Value), OrderBy = RecordedCommand.TimeField, Limit = limit },
            cancellationToken);
}
