using ForgeShop.Contracts;
using ForgeShop.Documents;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Notifications;

/// <summary>GET /api/v1/notifications?cursor=&amp;limit=</summary>
public static class ListNotifications
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    public sealed record Page(IReadOnlyList<Item> Items, string? NextCursor);

    /// <param name="Id">Derived from the user, the kind and the reference.</param>
    /// <param name="Kind">What happened, for example <c>order-placed</c>.</param>
    /// <param name="Reference">The ID of what it happened to, for example the order.</param>
    public sealed record Item(NotificationId Id, UserId UserId, string Kind, Guid Reference, string Text, string Channel, string State, DateTimeOffset CreatedAt);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", Handle)
        .WithName("ListNotifications")
        .WithSummary("Lists the caller's notifications, the latest first.")
        .Produces<Page>()
        .ProducesValidationProblem()
        .RequirePermission(Permissions.NotificationsSelf);

    private static async Task<IResult> Handle(
        string? cursor, string? limit, Caller caller,
        IDocumentCollection<Notification> notifications, IDocumentCollection<KnownUser> users, CancellationToken cancellationToken)
    {
        var user = caller.Id;
        var errors = new ValidationErrors();
        var count = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, out count) || count is < 1 or > MaxLimit))
            errors.Add("limit", $"A page has 1 to {MaxLimit} items.");
        if (errors.Any)
            return errors.ToProblem();

        var latestFirst = new DocumentQuery<Notification>().Where(Notification.UserField, user.Value).OrderByDescending(Notification.CreatedAtField);
        try
        {
            var page = await notifications.QueryAsync(latestFirst.Page(cursor, count), cancellationToken);
            var known = page.Items.Count > 0 ? await users.GetAsync(user.Value, cancellationToken) : null;
            return TypedResults.Ok(new Page([.. page.Items.Select(found => Show(found.Value, known?.Value))], page.NextCursor));
        }
        catch (InvalidCursorException wrong)
        {
            return Problems.Validation("cursor", wrong.Message);
        }
    }

    /// <summary>The name is put in here and not when the notification is made: an order's event may arrive before the one of its user.</summary>
    private static Item Show(Notification notification, KnownUser? user) => new(
        notification.Id, notification.UserId, notification.Kind, notification.Reference,
        user is null ? notification.Text : $"Hello {user.Name}. {notification.Text}",
        notification.Channel, notification.State, notification.CreatedAt);
}
