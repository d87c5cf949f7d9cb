using ForgeShop.Contracts.Audit;

namespace ForgeShop.Messaging;

/// <summary>The outbox in the audit. A repair publishes messages again that never reached their topic.</summary>
internal sealed class OutboxAudit<TContext>(IServiceScopeFactory scopes, OutboxRelay relay) : TableAudit<TContext>(Table, scopes)
    where TContext : DbContext
{
    private const string Position = """
        SELECT (SELECT coalesce(max(seq), 0) FROM outbox), (SELECT min(seq) FROM outbox WHERE published_at IS NULL AND error IS NULL)
        """;

    private const string Replay = """
        UPDATE outbox SET published_at = NULL, error = NULL WHERE event_id = ANY($1) AND (published_at IS NOT NULL OR error IS NOT NULL)
        RETURNING event_id
        """;

    private static AuditedTable Table { get; } = new(
        new("outbox", "events", "postgresql") { IsAuthority = true, CanRepair = true }, "outbox")
    {
        Id = "event_id",
        Key = [("aggregate", "subject"), ("type", "type"), ("sequence", "sequence")],
        Group = "topic || '/' || type",
        At = "occurred_at",
        JsonHashes = [("payload", "payload")],
    };

    public override async Task<OutboxPosition?> PositionAsync(CancellationToken cancellationToken) =>
        (await QueryAsync(
            Position, reader =>
                new OutboxPosition(reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetInt64(1)), [], cancellationToken))[0];

    public override async Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken)
    {
        var replayed = await QueryAsync(Replay, reader => reader.GetGuid(0), [repair.Ids.ToArray()], cancellationToken);
        relay.Wake();
        return replayed.ConvertAll(id => new RepairedEntry(id, "replayed") { Before = "published", After = "unpublished" });
    }
}

internal static class MessagingAudit
{
    /// <summary>Lets outbox and inbox answer the audit. The inbox holds the types of event that the service handles.</summary>
    public static void AddMessagingAudit<TContext>(this IServiceCollection services, MessagingModel model)
        where TContext : DbContext
    {
        services.AddSingleton<AuditedStore, OutboxAudit<TContext>>();
        if (model.Handled.Count == 0)
            return;
        var handled = model.Handled.Select(handled => $"{handled.Topic}/{handled.Type}");
        services.AddAuditedTable<TContext>(new(
            new("inbox", "events", "postgresql") { IsComplete = true, Groups = [.. handled] }, "inbox")
        {
            Id = "event_id",
            At = "received_at",
        });
    }
}
