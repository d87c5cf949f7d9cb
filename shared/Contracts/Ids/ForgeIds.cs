namespace ForgeShop.Contracts;

/// <summary>
/// The entity catalogue in code: derives an entity's ID from its natural key, the same in every service and client.
/// Refused keys throw <see cref="ForgeKeyException"/>, which names the field and the rule and never the value. Thread-safe.
/// </summary>
public sealed class ForgeIds
{
    private readonly IdTracking? _tracking;
    private readonly Dictionary<string, CountedNamespace> _namespaces;
    private readonly CountedNamespace _users, _products, _orders, _orderLines, _reservations, _sagas, _payments, _events, _notifications,
        _correlations, _files, _sessions;

    /// <param name="tracking">Publishes the counts and reports mismatches; null for tools and tests.</param>
    /// <exception cref="ForgeConfigurationException">The algorithm and the secret do not fit each other, or the secret is too
    /// short.</exception>
    public ForgeIds(ForgeAlgorithm algorithm = ForgeAlgorithm.V5, string? secret = null, IdTracking? tracking = null)
    {
        _tracking = tracking;
        Catalogue = ShopCatalogue.Instance;
        Domain = new ForgeDomain(Catalogue.Domain, algorithm, secret);
        _namespaces = Catalogue.Types.ToDictionary(
            type => type.Name, type => new CountedNamespace(Domain.Entity(type)), StringComparer.Ordinal);
        _users = _namespaces["users"];
        _products = _namespaces["products"];
        _orders = _namespaces["orders"];
        _orderLines = _namespaces["order-lines"];
        _reservations = _namespaces["reservations"];
        _sagas = _namespaces["sagas"];
        _payments = _namespaces["payments"];
        _events = _namespaces["events"];
        _notifications = _namespaces["notifications"];
        _correlations = _namespaces["correlations"];
        _files = _namespaces["files"];
        _sessions = _namespaces["sessions"];
        tracking?.Publish(_namespaces.Values);
    }

    public ForgeDomain Domain { get; }

    public EntityCatalogue Catalogue { get; }

    /// <summary>Gets whether IDs depend on a secret. If so, the API must not return the ID of a key that identifies a person.</summary>
    public bool IsKeyed => Domain.Algorithm is ForgeAlgorithm.V8HmacSha256;

    public UserId User(string email) => new(_users.Derive(email));

    /// <summary>Derives like <see cref="User"/>, but returns false for an address that is refused.</summary>
    public bool TryUser(string? email, out UserId id)
    {
        var isDerived = _users.TryDerive(email, out var derived, out _);
        id = new UserId(derived);
        return isDerived;
    }

    /// <summary>Derives by the general SKU rule; the shop's own SKUs are narrower, see <see cref="Sku"/>.</summary>
    public ProductId Product(string sku) => new(_products.Derive(sku));

    /// <summary><paramref name="reference"/> is the client's Idempotency-Key: the same request sent twice is the same order.</summary>
    public OrderId Order(UserId user, string reference) => new(_orders.Derive(("user", user.Value), ("reference", reference)));

    /// <summary>Returns why a text is refused as the reference of a request, as in <see cref="Order"/>; null if it is accepted.</summary>
    public string? RefusalOfReference(UserId user, string reference) =>
        _orders.TryDeriveText([new("user", user.ToString()), new("reference", reference)], out _, out var error) ? null : error.ToString();

    public OrderLineId OrderLine(OrderId order, ProductId product) =>
        new(_orderLines.Derive(("order", order.Value), ("product", product.Value)));

    public ReservationId Reservation(OrderId order) => new(_reservations.Derive(order.Value));

    public SagaId Saga(OrderId order) => new(_sagas.Derive(order.Value));

    /// <summary><paramref name="attempt"/> counts from 1.</summary>
    public PaymentId Payment(OrderId order, int attempt) => new(_payments.Derive(("order", order.Value), ("attempt", attempt)));

    /// <summary><paramref name="sequence"/> counts an aggregate's events from 1, without gaps.</summary>
    public EventId Event(Guid aggregate, string type, long sequence) =>
        new(_events.Derive(("aggregate", aggregate), ("type", type), ("sequence", sequence)));

    public NotificationId Notification(UserId user, string notice, Guid reference) =>
        new(_notifications.Derive(("user", user.Value), ("notice", notice), ("reference", reference)));

    public CorrelationId Correlation(string actor, string action, string reference) =>
        new(_correlations.Derive(("actor", actor), ("action", action), ("reference", reference)));

    /// <summary><paramref name="sha256"/> is 64 lower-case hexadecimal digits, <paramref name="size"/> a number of bytes.</summary>
    public FileId File(string sha256, long size) =>
        sha256 is { Length: 64 } && sha256.All(char.IsAsciiHexDigitLower)
            ? new FileId(_files.Derive(("sha256", sha256), ("size", size)))
            : throw new ForgeKeyException(new KeyError(KeyRefusal.Form, "files", "sha256", KeyKind.Text, null));

    /// <summary><paramref name="issued"/> must be whole milliseconds, because keys are never rounded.</summary>
    public SessionId Session(UserId user, DateTimeOffset issued) => new(_sessions.Derive(("user", user.Value), ("issued", issued)));

    /// <summary>
    /// Derives the ID of any entity type from a key as named texts, as in a query string: the fields of a record, or the one field
    /// <c>key</c>.
    /// </summary>
    /// <exception cref="ForgeConfigurationException">The entity type is unknown.</exception>
    /// <exception cref="ForgeKeyException">The key is refused.</exception>
    public Guid Derive(string entityType, IEnumerable<KeyValuePair<string, string?>> fields) =>
        TryDerive(entityType, fields, out var id, out var error) ? id : throw new ForgeKeyException(error);

    /// <summary>Derives like <see cref="Derive"/>, but returns the error of the key instead of an exception.</summary>
    /// <exception cref="ForgeConfigurationException">The entity type is unknown.</exception>
    public bool TryDerive(string entityType, IEnumerable<KeyValuePair<string, string?>> fields, out Guid id, out KeyError error) =>
        Find(entityType).TryDeriveText(fields, out id, out error);

    /// <summary>Returns the namespace of an entity type of the catalogue. IDs that the caller derives with it are not counted.</summary>
    /// <exception cref="ForgeConfigurationException">The entity type is unknown.</exception>
    public EntityNamespace Namespace(string entityType) => Find(entityType).Ids;

    // The checks of stored and received IDs. Each returns false and reports the mismatch (IdTracking) if the ID is not the one of the
    // natural key; a key that is refused has no ID. A match costs one derivation and allocates nothing.

    public bool Verify(UserId stored, string email) => Verify(_users, stored.Value, email);

    public bool Verify(ProductId stored, string sku) => Verify(_products, stored.Value, sku);

    public bool Verify(OrderId stored, UserId user, string reference) =>
        Verify(_orders, stored.Value, ("user", user.Value), ("reference", reference));

    public bool Verify(ReservationId stored, OrderId order) => Verify(_reservations, stored.Value, order.Value);

    public bool Verify(SagaId stored, OrderId order) => Verify(_sagas, stored.Value, order.Value);

    public bool Verify(PaymentId stored, OrderId order, int attempt) =>
        Verify(_payments, stored.Value, ("order", order.Value), ("attempt", attempt));

    public bool Verify(EventId stored, Guid aggregate, string type, long sequence) =>
        Verify(_events, stored.Value, ("aggregate", aggregate), ("type", type), ("sequence", sequence));

    private bool Verify(CountedNamespace type, Guid stored, string key)
    {
        var hasId = type.TryDerive(key, out var derived, out _);
        return (hasId && derived == stored) || Mismatch(type, stored, derived, hasId ? type.Ids.GetName(key) : null);
    }

    private bool Verify(CountedNamespace type, Guid stored, Guid key) =>
        type.Derive(key) is var derived && (derived == stored || Mismatch(type, stored, derived, Uuid.ToText(key)));

    private bool Verify(CountedNamespace type, Guid stored, params ReadOnlySpan<(string Field, KeyValue Value)> key)
    {
        var hasId = type.TryDerive(key, out var derived, out _);
        return (hasId && derived == stored) || Mismatch(type, stored, derived, hasId ? type.Ids.GetName(key) : null);
    }

    private bool Mismatch(CountedNamespace type, Guid stored, Guid derived, string? name)
    {
        type.CountMismatch();
        _tracking?.Report(type.EntityType, stored, derived, name);
        return false;
    }

    private CountedNamespace Find(string entityType) => _namespaces[Catalogue[entityType].Name];
}
