namespace ForgeShop.Reporting;

/// <summary>
/// One set of read models in collections of its own. A rebuild fills the next generation while the active one serves. The first one has the
/// plain names; the number is part of the others.
/// </summary>
public sealed class Generation
{
    private readonly IDocumentStore _store;
    private readonly EventLog _log;
    private readonly List<Func<IReadOnlyList<RecordedEvent>, CancellationToken, Task>> _projections = [];
    private readonly List<string> _collections = [];
    private readonly HashSet<string> _caughtUp = [];

    public Generation(IDocumentStore store, EventLog log, int number)
    {
        (_store, _log, Number) = (store, log, number);
        Orders = Add(OrderReport.Projection);
        Customers = Add(CustomerReport.Projection);
        Spending = Add(CustomerSpending.Projection);
        SalesDays = Add(SalesDay.Projection);
        Products = Add(ProductSales.Projection);
        Checkpoints = Open(Checkpoint.Projection);
    }

    public int Number { get; }
    public IDocumentCollection<OrderReport> Orders { get; }
    public IDocumentCollection<CustomerReport> Customers { get; }
    public IDocumentCollection<CustomerSpending> Spending { get; }
    public IDocumentCollection<SalesDay> SalesDays { get; }
    public IDocumentCollection<ProductSales> Products { get; }
    public IDocumentCollection<Checkpoint> Checkpoints { get; }

    /// <summary>Applies events of any partitions; those of a partition follow the ones applied before without a gap.</summary>
    public async Task ApplyAsync(IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        await Task.WhenAll(_projections.Select(apply => apply(events, cancellationToken)));
        await Checkpoint.Projection.ApplyAsync(Checkpoints, events, cancellationToken);
    }

    /// <summary>
    /// Applies events that this process received. Before its first events of a partition it applies those that the log has before them:
    /// they were applied to the generation before, or a process was killed before it applied them.
    /// </summary>
    public async Task ApplyReceivedAsync(IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        foreach (var partition in events.GroupBy(recorded => recorded.Partition).Where(partition => !_caughtUp.Contains(partition.Key)))
        {
            await CatchUpAsync(partition.Key, partition.Min(recorded => recorded.Offset) - 1, cancellationToken);
            _caughtUp.Add(partition.Key);
        }
        await ApplyAsync(events, cancellationToken);
    }

    /// <summary>Applies the events of a partition from the log that are not applied yet, up to an offset; returns their number.</summary>
    public async Task<int> CatchUpAsync(string partition, long to, CancellationToken cancellationToken)
    {
        for (var applied = 0; ;)
        {
            var checkpoint = await Checkpoints.GetAsync(Checkpoint.IdOf(partition), cancellationToken);
            var page = await _log.ReadAsync(partition, (checkpoint?.Value.Offset ?? -1) + 1, to, cancellationToken);
            if (page.Count == 0)
                return applied;
            await ApplyAsync(page, cancellationToken);
            applied += page.Count;
        }
    }

    public async Task<IReadOnlyList<Checkpoint>> ReadCheckpointsAsync(CancellationToken cancellationToken)
    {
        var checkpoints = new List<Checkpoint>();
        var query = new DocumentQuery<Checkpoint> { Limit = 500 };
        do
        {
            var page = await Checkpoints.QueryAsync(query, cancellationToken);
            checkpoints.AddRange(page.Items.Select(document => document.Value));
            query = query with { Cursor = page.NextCursor };
        }
        while (query.Cursor is not null);
        return checkpoints;
    }

    /// <summary>Returns the time when the latest event was recorded that the read models include; null before the first event.</summary>
    public async Task<DateTimeOffset?> AsOfAsync(CancellationToken cancellationToken) =>
        (await ReadCheckpointsAsync(cancellationToken)).Max(checkpoint => (DateTimeOffset?)checkpoint.RecordedAt);

    public async Task DropAsync(CancellationToken cancellationToken)
    {
        foreach (var collection in _collections)
            await _store.DropAsync(collection, cancellationToken);
    }

    private IDocumentCollection<T> Add<T>(Projection<T> projection) where T : ReadModel
    {
        var documents = Open(projection);
        _projections.Add((events, cancellationToken) => projection.ApplyAsync(documents, events, cancellationToken));
        return documents;
    }

    private IDocumentCollection<T> Open<T>(Projection<T> projection) where T : ReadModel
    {
        var name = Number == 1 ? projection.Model.Name : $"{projection.Model.Name}_{Number}";
        _collections.Add(name);
        return _store.Collection(projection.Model with { Name = name });
    }
}
