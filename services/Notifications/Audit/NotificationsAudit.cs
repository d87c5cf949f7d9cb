using ForgeShop.Contracts.Audit;

namespace ForgeShop.Notifications;

/// <summary>The notifications and the names of users in the audit.</summary>
internal static class NotificationsAudit
{
    public static IServiceCollection AddNotificationsAudit(this IServiceCollection services) => services
        .AddOutboxAudit<NotificationsDb>()
        .AddInboxAudit<NotificationsDb>()
        .AddSingleton<AuditedStore, NotificationAudit>()
        .AddAuditedTable<NotificationsDb>(new(new("users", "users", "postgresql") { IsComplete = true }, "users")
        {
            Hashes = [("profile", ["name"])],
        });
}

/// <summary>
/// The notifications. A repair makes the missing ones of recorded events: the text from the order's event, the time from the event that
/// announced the notification.
/// </summary>
internal sealed class NotificationAudit(IServiceScopeFactory scopes) : TableAudit<NotificationsDb>(Table, scopes)
{
    private static AuditedTable Table { get; } = new(
        new("notifications", "notifications", "postgresql")
        {
            IsAuthority = true,
            CanRepair = true,
            References = new Dictionary<string, string> { ["user"] = "users", ["reference"] = "orders" },
        },
        "notifications")
    {
        Key = [("user", "user_id"), ("notice", "kind"), ("reference", "reference")],
        Events = "last_sequence",
    };

    public override async Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotificationsDb>();
        var handler = scope.ServiceProvider.GetRequiredService<OrderEventsHandler>();
        return await db.InTransactionAsync<IReadOnlyList<RepairedEntry>>(async token =>
        {
            var wanted = repair.Ids.Select(id => new NotificationId(id)).ToArray();
            var existing = await db.Notifications.Where(notification => wanted.Contains(notification.Id))
                .Select(notification => notification.Id).ToHashSetAsync(token);
            var missing = wanted.Except(existing).ToHashSet();
            var sent = repair.Events.Select(recorded => Read(recorded) as NotificationSent).OfType<NotificationSent>()
                .ToDictionary(known => known.NotificationId);
            var made = new List<RepairedEntry>();
            foreach (var recorded in repair.Events)
            {
                if (Read(recorded) is not { } data || handler.Create(data) is not { } notification || !missing.Remove(notification.Id))
                    continue;
                if (sent.TryGetValue(notification.Id, out var announced))
                    notification.Restore(announced);
                else
                    db.Emit(notification, notification.Sent(), new(recorded.Id, null, null, null));
                db.Notifications.Add(notification);
                made.Add(new(notification.Id.Value, "made") { After = notification.Kind });
            }
            return made;
        }, cancellationToken);
    }

    private static object? Read(AuditEvent recorded) => recorded.Type switch
    {
        var type when type == OrderPlaced.Type => EventData.Read<OrderPlaced>(recorded.Data, recorded.DataVersion),
        var type when type == OrderConfirmed.Type => EventData.Read<OrderConfirmed>(recorded.Data, recorded.DataVersion),
        var type when type == OrderCancelled.Type => EventData.Read<OrderCancelled>(recorded.Data, recorded.DataVersion),
        var type when type == NotificationSent.Type => EventData.Read<NotificationSent>(recorded.Data, recorded.DataVersion),
        _ => null,
    };
}
