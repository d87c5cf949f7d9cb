namespace ForgeShop.Notifications;

/// <summary>Stores the names of users.</summary>
public sealed class UserEventsHandler(NotificationsDb db) : IBatchHandler<UserRegistered>, IBatchHandler<UserProfileChanged>
{
    public Task HandleAsync(IReadOnlyList<Received<UserRegistered>> events, CancellationToken cancellationToken) =>
        StoreAsync(events, registered => registered.UserId, registered => registered.Name, cancellationToken);

    public Task HandleAsync(IReadOnlyList<Received<UserProfileChanged>> events, CancellationToken cancellationToken) =>
        StoreAsync(events, changed => changed.UserId, changed => changed.Name, cancellationToken);

    /// <summary>Stores the latest name; an event with a lower sequence number has no effect.</summary>
    private Task StoreAsync<TEvent>(
        IReadOnlyList<Received<TEvent>> events, Func<TEvent, UserId> userOf, Func<TEvent, string> nameOf,
        CancellationToken cancellationToken)
        where TEvent : IEventData
    {
        var users = events.Select(received => userOf(received.Data).Value).ToArray();
        var names = events.Select(received => nameOf(received.Data)).ToArray();
        var sequences = events.Select(received => received.Context.Sequence).ToArray();
        return db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO users (id, name, sequence)
            SELECT * FROM unnest({users}, {names}, {sequences}) AS event (id, name, sequence) ORDER BY id
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, sequence = excluded.sequence WHERE users.sequence < excluded.sequence
            """,
            cancellationToken);
    }
}

/// <summary>The name of a user, for the greeting. The e-mail address is not stored here.</summary>
public sealed class KnownUser
{
    public required UserId Id { get; init; }

    public required string Name { get; init; }

    /// <summary>The sequence number of the user's event that contained the name.</summary>
    public required long Sequence { get; init; }
}
