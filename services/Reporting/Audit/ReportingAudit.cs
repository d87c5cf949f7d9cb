using System.Runtime.InteropServices;
using ForgeShop.Contracts.Audit;

namespace ForgeShop.Reporting;

/// <summary>The stores of Reporting in the audit: the event log, and the read models of entities.</summary>
internal static class ReportingAudit
{
    public static void AddReportingAudit(this IServiceCollection services)
    {
        services.AddSingleton<AuditedStore, EventLogAudit>();
        services.AddFold(OrderReport.Projection, model => model.Orders);
        services.AddFold(CustomerReport.Projection, model => model.Customers);
        services.AddFold(CustomerSpending.Projection, model => model.Spending);
        services.AddFold(SalesDay.Projection, model => model.SalesDays);
        services.AddFold(ProductSales.Projection, model => model.Products);
        services.AddReadModel<OrderReport>(new("orders", "orders", "documents") { IsComplete = true, CanRepair = true }, Describe);
        services.AddReadModel<CustomerReport>(new("customers", "users", "documents") { IsComplete = true, CanRepair = true }, Describe);
    }

    private static void AddFold<T>(
        this IServiceCollection services, Projection<T> projection, Func<Generation, IDocumentCollection<T>> open) where T : ReadModel
    {
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<ReadModelFold<T>>(provider, projection, open));
        services.AddSingleton<IReadModelFold>(provider => provider.GetRequiredService<ReadModelFold<T>>());
    }

    private static void AddReadModel<T>(this IServiceCollection services, AuditedCollection collection, Func<T, AuditEntry> describe)
        where T : ReadModel =>
        services.AddSingleton<AuditedStore>(
            provider => new ReadModelAudit<T>(collection, describe, provider.GetRequiredService<ReadModelFold<T>>()));

    private static AuditEntry Describe(OrderReport order) => new(order.Id.Value)
    {
        Hashes = new Dictionary<string, string>
        {
            ["placed"] = PlacedHash(order),
            ["announced"] = ContentHash.Of(order.Status, order.Reason),
        },
    };

    /// <summary>Hashes a placed order, as Orders does.</summary>
    public static string PlacedHash(OrderReport order) => ContentHash.Of(
        order.UserId?.ToString(), order.PlacedAt is { } time ? ContentHash.Time(time) : null,
        order.Total is { } total ? ContentHash.Amount(total.Amount) : null, order.Total?.Currency,
        string.Join(',', order.Items.Select(item =>
            $"{item.ProductId} {item.Sku} {item.Quantity} {ContentHash.Amount(item.UnitPrice.Amount)} {item.UnitPrice.Currency}")));

    private static AuditEntry Describe(CustomerReport customer) => new(customer.Id.Value)
    {
        Key = customer.Email is { } email ? new Dictionary<string, string> { ["key"] = email } : null,
        Hashes = new Dictionary<string, string> { ["profile"] = ContentHash.Of(customer.Name) },
    };
}

/// <summary>Answers the audit from a collection of documents.</summary>
internal abstract class DocumentAudit<T>(AuditedCollection collection, Func<T, AuditEntry> describe) : AuditedStore(collection)
    where T : class
{
    protected abstract Task<IDocumentCollection<T>> OpenAsync(CancellationToken cancellationToken);

    public override async Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        try
        {
            var documents = await OpenAsync(cancellationToken);
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
        var documents = await OpenAsync(cancellationToken);
        return [.. (await documents.GetManyAsync([.. ids.Distinct()], cancellationToken)).Values.Select(Describe)];
    }

    public override async Task<IReadOnlyList<AuditEntry>> FindIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        var documents = await OpenAsync(cancellationToken);
        return [.. (await documents.FindIdsAsync(ids, cancellationToken)).Select(id => new AuditEntry(id))];
    }

    // The ID under which the document is stored; the one inside must be the same.
    private AuditEntry Describe(Document<T> document) => describe(document.Value) with { Id = document.Id };
}

/// <summary>Answers the audit from a read model that serves. A repair rebuilds documents from the event log.</summary>
internal sealed class ReadModelAudit<T>(AuditedCollection collection, Func<T, AuditEntry> describe, ReadModelFold<T> fold)
    : DocumentAudit<T>(collection, describe) where T : ReadModel
{
    public override Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken) =>
        fold.RebuildAsync(repair.Ids, cancellationToken);

    protected override Task<IDocumentCollection<T>> OpenAsync(CancellationToken cancellationToken) =>
        fold.DocumentsAsync(cancellationToken);
}

/// <summary>Answers the audit from the event log. A repair sets events aside that no service emitted.</summary>
internal sealed class EventLogAudit(EventLog log, ReadModels models) : DocumentAudit<RecordedEvent>(
    new("events", "events", "documents")
    {
        IsComplete = true,
        CanRepair = true,
        Groups =
        [
            .. new[] { Topics.UserEvents, Topics.OrderEvents, Topics.InventoryEvents, Topics.PaymentEvents, Topics.NotificationEvents }
                .Select(topic => $"{topic}/*"),
        ],
    },
    Describe)
{
    public override async Task<long?> EstimateAsync(CancellationToken cancellationToken) =>
        (await (await models.GetActiveAsync(cancellationToken)).ReadCheckpointsAsync(cancellationToken))
            .Sum(checkpoint => checkpoint.Events);

    public override async Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken)
    {
        var setAside = await log.SetAsideAsync(repair.Ids, cancellationToken);
        return [.. setAside.Select(document => new RepairedEntry(document.Id, "set-aside")
        {
            Before = $"{document.Value.Type} {document.Value.Sequence}",
        })];
    }

    protected override Task<IDocumentCollection<RecordedEvent>> OpenAsync(CancellationToken cancellationToken) =>
        Task.FromResult(log.Documents);

    private static AuditEntry Describe(RecordedEvent recorded) => new(recorded.Id.Value)
    {
        Key = new Dictionary<string, string>
        {
            ["aggregate"] = Forge.Uuid.ToText(recorded.Subject), ["type"] = recorded.Type, ["sequence"] = $"{recorded.Sequence}",
        },
        At = recorded.Time,
        Hashes = new Dictionary<string, string> { ["payload"] = JsonHash.Of(JsonMarshal.GetRawUtf8Value(recorded.Data)) },
    };
}
