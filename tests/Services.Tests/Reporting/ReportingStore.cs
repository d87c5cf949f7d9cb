using System.Text.Json;
using ForgeShop.Documents;
using ForgeShop.Reporting;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Services.Tests;

/// <summary>Reporting's event log and read models on a real store, as one replica opens them.</summary>
internal sealed class ReportingReplica
{
    private readonly EventLog _log;

    public ReportingReplica(IDocumentStore store)
    {
        _log = new EventLog(store);
        Models = new ReadModels(store, _log);
    }

    public ReadModels Models { get; }

    public static IHost OpenStore(string connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:reporting"] = connectionString;
        builder.AddDocuments("reporting");
        return builder.Build();
    }

    /// <summary>
    /// Handles a batch as <see cref="Reporting.RecordEvents"/> does; returns the number of events that were not duplicates.
    /// </summary>
    public async Task<int> HandleAsync(IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        var recorded = await _log.AppendAsync(events, cancellationToken);
        if (recorded.Count > 0)
            await Models.ApplyAsync(recorded, cancellationToken);
        return recorded.Count;
    }

    /// <summary>Returns every document of the active generation as JSON, by collection and ID.</summary>
    public async Task<SortedDictionary<string, string>> DumpAsync(CancellationToken cancellationToken)
    {
        var dump = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var model = await Models.GetActiveAsync(cancellationToken);
        await ReadAsync("orders", model.Orders);
        await ReadAsync("customers", model.Customers);
        await ReadAsync("spending", model.Spending);
        await ReadAsync("days", model.SalesDays);
        await ReadAsync("products", model.Products);
        await ReadAsync("checkpoints", model.Checkpoints);
        return dump;

        async Task ReadAsync<T>(string name, IDocumentCollection<T> documents) where T : ReadModel
        {
            foreach (var document in await AllAsync(documents, cancellationToken))
                dump.Add($"{name}/{document.Id}", Canonical(document.Value));
        }
    }

    public static async Task<List<Document<T>>> AllAsync<T>(IDocumentCollection<T> documents, CancellationToken cancellationToken)
        where T : class
    {
        var all = new List<Document<T>>();
        var query = new DocumentQuery<T> { Limit = 500 };
        do
        {
            var page = await documents.QueryAsync(query, cancellationToken);
            all.AddRange(page.Items);
            query = query with { Cursor = page.NextCursor };
        }
        while (query.Cursor is not null);
        return all;
    }

    /// <summary>Folds events one by one, in the order of aggregate and sequence, without batches, positions or a store.</summary>
    public static SortedDictionary<string, string> PlainFold(IEnumerable<RecordedEvent> events)
    {
        var ordered = events.OrderBy(recorded => recorded.Subject).ThenBy(recorded => recorded.Sequence).ToList();
        var dump = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Fold("orders", OrderReport.Projection);
        Fold("customers", CustomerReport.Projection);
        Fold("spending", CustomerSpending.Projection);
        Fold("days", SalesDay.Projection);
        Fold("products", ProductSales.Projection);
        Fold("checkpoints", Checkpoint.Projection);
        return dump;

        void Fold<T>(string name, Projection<T> projection) where T : ReadModel
        {
            foreach (var document in from recorded in ordered from id in projection.DocumentsOf(recorded).Distinct() group recorded by id)
            {
                var folded = document.Aggregate(default(T), (before, recorded) => projection.Fold(document.Key, before, recorded))!;
                var positions = document.GroupBy(recorded => recorded.Partition)
                    .ToDictionary(partition => partition.Key, partition => partition.Max(recorded => recorded.Offset));
                dump.Add($"{name}/{document.Key}", Canonical(folded with { Positions = positions }));
            }
        }
    }

    /// <summary>Returns the JSON with sorted positions: their order has no meaning, and PostgreSQL changes it.</summary>
    private static string Canonical<T>(T value) where T : ReadModel =>
        JsonSerializer.Serialize(value with
        {
            Positions = value.Positions.OrderBy(position => position.Key, StringComparer.Ordinal).ToDictionary(),
        }, JsonSerializerOptions.Web);
}

/// <summary>The connection to the store was lost.</summary>
internal sealed class InterruptedException : TimeoutException;

/// <summary>A real store with actions before and after each write; they get the name of the collection.</summary>
internal sealed class InterceptedStore(IDocumentStore inner, Func<string, Task> before, Func<string, Task> after) : IDocumentStore
{
    /// <summary>Breaks the connection at random: before a write, or after it, so that the answer is lost.</summary>
    public static InterceptedStore Brittle(IDocumentStore inner, Random random, Action interrupted)
    {
        return new(inner, _ => Break(0.01), _ => Break(0.02));

        Task Break(double probability)
        {
            lock (random)
            {
                if (random.NextDouble() >= probability)
                    return Task.CompletedTask;
                interrupted();
            }
            throw new InterruptedException();
        }
    }

    public IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class =>
        new InterceptedCollection<T>(this, model.Name, inner.Collection(model));

    public Task DropAsync(string collection, CancellationToken cancellationToken) => inner.DropAsync(collection, cancellationToken);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
        inner.CheckHealthAsync(context, cancellationToken);

    private async Task<IReadOnlySet<Guid>> WriteAsync(string collection, Func<Task<IReadOnlySet<Guid>>> write)
    {
        await before(collection);
        var missed = await write();
        await after(collection);
        return missed;
    }

    private sealed class InterceptedCollection<T>(InterceptedStore store, string name, IDocumentCollection<T> inner)
        : IDocumentCollection<T> where T : class
    {
        public Task<IReadOnlyDictionary<Guid, Document<T>>> GetManyAsync(
            IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
            inner.GetManyAsync(ids, cancellationToken);

        public Task<IReadOnlySet<Guid>> BulkUpsertAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken) =>
            store.WriteAsync(name, () => inner.BulkUpsertAsync(documents, cancellationToken));

        public Task<IReadOnlySet<Guid>> FindIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
            inner.FindIdsAsync(ids, cancellationToken);

        public Task<IReadOnlySet<Guid>> DeleteManyAsync(
            IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken) =>
            store.WriteAsync(name, () => inner.DeleteManyAsync(documents, cancellationToken));

        public Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken) =>
            inner.QueryAsync(query, cancellationToken);
    }
}
