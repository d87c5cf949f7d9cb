namespace ForgeShop.Notifications;

/// <summary>GET /api/v1/notifications?cursor=&amp;limit=</summary>
public static class ListNotifications
{
    public sealed record Page(IReadOnlyList<Item> Items, string? NextCursor);

    /// <param name="Id">Derived from the user, the kind and the reference.</param>
    /// <param name="Kind">What happened, for example <c>order-placed</c>.</param>
    /// <param name="Reference">The ID of the entity that it happened to, for example the order.</param>
    public sealed record Item(
        NotificationId Id, UserId UserId, string Kind, Guid Reference, string Text, string Channel, string State, DateTimeOffset CreatedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", Handle)
        .WithSummary("Lists the caller's notifications, the latest first.")
        .Produces<Page>()
        .RequirePermission(Permissions.NotificationsSelf);

    private static async Task<IResult> Handle(
        string? cursor, string? limit, Caller caller, NotificationsDb db, CancellationToken cancellationToken)
    {
        var user = caller.Id;
        var errors = new ValidationErrors();
        var count = PageLimit.Read(limit, errors);
        var after = PageCursor.Read(cursor, errors);
        if (errors.Any)
            return errors.ToProblem();

        var list = db.Notifications.AsNoTracking().Where(notification => notification.UserId == user);
        if (after is { } last)
        {
            var (time, id) = (last.Time, new NotificationId(last.Id));
            list = list.Where(notification =>
                EF.Functions.LessThan(ValueTuple.Create(notification.CreatedAt, notification.Id), ValueTuple.Create(time, id)));
        }
        var notifications = await list.OrderByDescending(notification => notification.CreatedAt)
            .ThenByDescending(notification => notification.Id)
            .Take(count + 1).ToListAsync(cancellationToken);
        // The greeting is added on reading, because the order's event may arrive before the user's event.
        var name = notifications.Count == 0
            ? null
            : await db.Users.Where(known => known.Id == user).Select(known => known.Name).SingleOrDefaultAsync(cancellationToken);
        var next = notifications.Count > count
            ? new PageCursor(notifications[count - 1].CreatedAt, notifications[count - 1].Id.Value).ToString()
            : null;
        return TypedResults.Ok(new Page([.. notifications.Take(count).Select(notification => View(notification, name))], next));
    }

    private static Item View(Notification notification, string? name) => new(
        notification.Id, notification.UserId, notification.Kind, notification.Reference,
        name is null ? notification.Text : $"Hello {name}. {notification.Text}",
        notification.Channel, notification.State, notification.CreatedAt);
}
