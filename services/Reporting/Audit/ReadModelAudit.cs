using System.Runtime.InteropServices;
using ForgeShop.Contracts.Audit;

namespace ForgeShop.Reporting;

/// <summary>Answers the audit from the read models that serve. A repair rebuilds documents from the event log.</summary>
internal sealed class ReadModelAudit<T>(
    AuditedCollection collection, ReadModels models, Func<Generation, IDocumentCollection<T>> open, ReadModelFold<T> fold,
    Func<T, AuditEntry> describe)
    : AuditedStore(collection) where T : ReadModel
{
    public override async Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        try
        {
            var documents = open(await models.GetActiveAsync(cancellationToken));
            var page = await documents.QueryAsync(new() { Limit = limit, Cursor = after }, cancellationToken);
            return new([.. page.Items.Select(Describe)], page.NextCursor);
        }
        catch (InvalidCursorException exception)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    public override async Task<IReadOnlyList<AuditEntry>> LookupAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        var documents = open(await models.GetActiveAsync(cancellationToken));
        return [.. (await documents.GetManyAsync([.. ids.Distinct()], cancellationToken)).Values.Select(Describe)];
    }

    public override async Task<IReadOnlyList<AuditEntry>> FindIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        var documents = open(await models.GetActiveAsync(cancellationToken));
        return [.. (await documents.FindIdsAsync(ids, cancellationToken)).Select(id => new AuditEntry(id))];
    }

    public override Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken) =>
        fold.RebuildAsync(repair.Ids, cancellationToken);

    // The ID under which the document is stored; the one inside must be the same.
    private AuditEntry Describe(Document<T> document) => describe(document.Value) with { Id = document.Id };
}

/// <summary>Answers the audit from the event log. A repair sets foreign events aside.</summary>
internal sealed class EventLogAudit(EventLog log, ReadModels models) : AuditedStore(
    new("events", "events", "documents")
    {
        IsComplete = true,
        CanRepair = true,
        Groups =
        [
            .. new[] { Topics.UserEvents, Topics.OrderEvents, Topics.InventoryEvents, Topics.PaymentEvents, Topics.NotificationEvents }
                .Select(topic => $"{topic}/*"),
        ],
    })
{
    public override async Task<long?> EstimateAsync(CancellationToken cancellationToken) =>
        (await (await models.GetActiveAsync(cancellationToken)).ReadCheckpointsAsync(cancellationToken))
            .Sum(checkpoint => checkpoint.Events);

    public override async Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        try
        {
            var page = await log.PageAsync(after, limit, cancellationToken);
            return new([.. page.Items.Select(Describe)], page.NextCursor);
        }
        catch (InvalidCursorException exception)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    public override async Task<IReadOnlyList<AuditEntry>> LookupAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) =>
        [.. (await log.FindAsync(ids, cancellationToken)).Select(Describe)];

    public override async Task<IReadOnlyList<AuditEntry>> FindIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) =>
        [.. (await log.FindIdsAsync(ids, cancellationToken)).Select(id => new AuditEntry(id))];

    /// <summary>Sets events aside that no service emitted.</summary>
    public override async Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken)
    {
        var setAside = await log.SetAsideAsync(repair.Ids, cancellationToken);
        return
        [
            .. setAside.Select(document => new RepairedEntry(document.Id, "set-aside")
            {
                Before = $"{document.Value.Type} {document.Value.Sequence}",
            }),
        ];
    }

    private static AuditEntry Describe(Document<RecordedEvent> document) => new(document.Id)
    {
        Key = new Dictionary<string, string>
        {
            ["aggregate"] = Forge.Uuid.ToText(document.Value.Subject),
            ["type"] = document.Value.Type,
            ["sequence"] = $"{document.Value.Sequence}",
        },
        At = document.Value.Time,
        Hashes = new Dictionary<string, string>
        {
            ["payload"] = JsonHash.Of(JsonMarshal.GetRawUtf8Value(document.Value.Data)),
        },
    };
}

/// <summary>The stores of Reporting in the audit.</summary>
internal static class ReportingAudit
{
    public static IServiceCollection AddReportingAudit(this IServiceCollection services)
    {
        services.AddSingleton<AuditedStore, EventLogAudit>();
        services.AddReadModel(
            new("orders", "orders", "documents") { IsComplete = true, CanRepair = true }, OrderReport.Projection, model => model.Orders,
            Describe);
        services.AddReadModel(
            new("customers", "users", "documents") { IsComplete = true, CanRepair = true }, CustomerReport.Projection,
            model => model.Customers, Describe);
        return services;
    }

    private static void AddReadModel<T>(
        this IServiceCollection services, AuditedCollection collection, ProjectionModel<T> projection,
        Func<Generation, IDocumentCollection<T>> open, Func<T, AuditEntry> describe) where T : ReadModel
    {
        services.AddFold(projection, open);
        services.AddSingleton<AuditedStore>(provider => new ReadModelAudit<T>(
            collection, provider.GetRequiredService<ReadModels>(), open, provider.GetRequiredService<ReadModelFold<T>>(), describe));
    }

    public static void AddFold<T>(
        this IServiceCollection services, ProjectionModel<T> projection, Func<Generation, IDocumentCollection<T>> open) where T : ReadModel
    {
        services.AddSingleton(provider => new ReadModelFold<T>(
            projection, open, provider.GetRequiredService<ReadModels>(), provider.GetRequiredService<EventLog>()));
        services.AddSingleton<IReadModelFold>(provider => provider.GetRequiredService<ReadModelFold<T>>());
    }

    private static AuditEntry Describe(OrderReport order) => new(order.Id.Value)
    {
        Hashes = new Dictionary<string, string>
        {
            ["placed"] = OrderHashes.Placed(order.UserId, order.PlacedAt, order.Total, order.Items),
            ["announced"] = ContentHash.Of(order.Status, order.Reason),
        },
    };

    private static AuditEntry Describe(CustomerReport customer) => new(customer.Id.Value)
    {
        Key = customer.Email is { } email ? new Dictionary<string, string> { ["key"] = email } : null,
        Hashes = new Dictionary<string, string> { ["profile"] = ContentHash.Of(customer.Name) },
    };
}

/// <summary>The hash of a placed order, as Orders has it.</summary>
internal static class OrderHashes
{
    public static string Placed(UserId? user, DateTimeOffset? placedAt, Money? total, IEnumerable<ReportedItem> items) => ContentHash.Of(
        user?.ToString(), placedAt is { } time ? ContentHash.Time(time) : null,
        total is { } amount ? ContentHash.Amount(amount.Amount) : null, total?.Currency, string.Join(',', items.Select(item =>
            $"{item.ProductId} {item.Sku} {item.Quantity} {ContentHash.Amount(item.UnitPrice.Amount)} {item.UnitPrice.Currency}")));

    public static string Placed(OrderPlaced placed) => Placed(placed.UserId, placed.PlacedAt, placed.Total, placed.Items.Select(item =>
        new ReportedItem(item.ProductId, item.Sku, item.Name, item.Quantity, item.UnitPrice)));
}
