using ForgeShop.Messaging;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Auditing;

/// <summary>The outbox in the audit. A repair publishes messages again that never reached their topic.</summary>
internal sealed class OutboxAudit<TContext>(IServiceScopeFactory scopes) : TableAudit<TContext>(Table, scopes)
    where TContext : DbContext
{
    private const string Position = """
        SELECT (SELECT coalesce(max(seq), 0) FROM outbox), (SELECT min(seq) FROM outbox WHERE published_at IS NULL AND error IS NULL)
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
        await using var scope = Scopes.CreateAsyncScope();
        var replayed = await scope.ServiceProvider.GetRequiredService<TContext>().ReplayAsync(repair.Ids, cancellationToken);
        return replayed.ConvertAll(id => new RepairedEntry(id, "replayed") { Before = "published", After = "unpublished" });
    }
}

public static class OutboxAudits
{
    /// <summary>Lets the outbox answer the audit.</summary>
    public static IServiceCollection AddOutboxAudit<TContext>(this IServiceCollection services) where TContext : DbContext =>
        services.AddSingleton<AuditedStore, OutboxAudit<TContext>>();

    /// <summary>Lets the inbox answer the audit. It holds the types of event that the service handles.</summary>
    public static IServiceCollection AddInboxAudit<TContext>(this IServiceCollection services) where TContext : DbContext =>
        services.AddSingleton<AuditedStore>(provider =>
        {
            var handled = provider.GetRequiredService<MessagingModel>().Handled.Select(handled => $"{handled.Topic}/{handled.Type}");
            var table = new AuditedTable(
                new("inbox", "events", "postgresql") { IsComplete = true, Groups = [.. handled] }, "inbox")
            {
                Id = "event_id",
                At = "received_at",
            };
            return ActivatorUtilities.CreateInstance<TableAudit<TContext>>(provider, table);
        });
}
