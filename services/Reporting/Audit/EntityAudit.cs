using ForgeShop.Contracts.Audit;
using ForgeShop.Forge;
using Microsoft.Extensions.Options;
using static ForgeShop.Reporting.AuditReports;

namespace ForgeShop.Reporting;

/// <summary>
/// Finds everything that carries the ID of one entity, and compares it: the entity in every store, the entities whose keys contain its ID,
/// events, and the documents that these touch. No store is searched: the IDs of events and of dependent entities are derived.
/// </summary>
internal sealed class EntityAudit(
    AuditedServices services, ReadModels models, EventLog log, IEnumerable<IReadModelFold> folds, ForgeIds ids,
    IOptions<AuditOptions> options, TimeProvider time)
{
    private const int MaxOrdersOfUser = 50;
    private const long MaxEventsOfAggregate = 200;

    public async Task<EntityReport> CheckAsync(string entityType, Guid id, CancellationToken cancellationToken)
    {
        var shop = await services.DescribeAsync(cancellationToken);
        var checks = new AuditChecks(shop, ids, log, time.GetUtcNow() - options.Value.OutboxRetention);
        var (held, findings) = (new List<StoredEntity>(), new List<AuditFinding>());
        var own = await HoldAsync(entityType, [id]);
        if (own is null && shop.AuthorityOf(entityType) is { } authority)
            findings.Add(authority.Finding(id, AuditStates.Missing));

        var ofAggregate = await EventsOfAggregateAsync(entityType, id, own?.Events ?? 0, cancellationToken);
        var orders = await OrdersAsync(entityType, id, ofAggregate, cancellationToken);
        var ofOrders = await log.FindAsync(orders.SelectMany(order => order.Timeline).Select(known => known.Id.Value), cancellationToken);
        List<RecordedEvent> events =
        [
            .. ofAggregate.Concat(ofOrders).DistinctBy(recorded => recorded.Id)
                .Where(recorded => Carries(recorded, id)).OrderBy(recorded => recorded.Time).ThenBy(recorded => recorded.Sequence),
        ];

        var related = events.Select(recorded => (Type: EventTypes.EntityTypeOf(recorded.Type), Id: recorded.Subject));
        if (entityType == "orders")
        {
            var lines = from order in orders
                        from item in order.Items
                        select ("order-lines", ids.OrderLine(new(id), item.ProductId).Value);
            related = [.. related, .. own is null ? [] : Expectations.Of(own, ids), .. lines];
        }
        foreach (var ofType in related.Where(entity => entity.Type is not null && entity.Id != id).GroupBy(one => one.Type!, one => one.Id))
            await HoldAsync(ofType.Key, [.. ofType.Distinct()]);
        foreach (var fold in folds)
            held.AddRange((await fold.FindAsync([.. events.SelectMany(fold.DocumentsOf).Append(id).Distinct()], id, cancellationToken))
                .Select(document => new StoredEntity(fold.Store, fold.Name, document, AuditStates.Match, null)));

        var wrong = Consequences.Remove(findings, shop);
        List<StoredEntity> stores =
        [
            .. held.DistinctBy(store => (store.Store, store.Id))
                .Where(store => !wrong.Exists(finding => finding.Store == store.Store && finding.Id == store.Id)),
            .. wrong.Select(finding => new StoredEntity(finding.Store, finding.EntityType, finding.Id, finding.State, finding.Detail)),
        ];
        return new(entityType, id, wrong.Count == 0, stores, await FoundAsync(shop, events, cancellationToken));

        // Checks entities of a type in all its stores, and lists those that carry the ID. Returns the authority's last entry.
        async Task<AuditEntry?> HoldAsync(string type, IReadOnlyCollection<Guid> wanted)
        {
            var (carrying, last) = (wanted.ToHashSet(), (AuditEntry?)null);
            foreach (var target in shop.Targets.Where(target => target.Collection.EntityType == type)
                .OrderByDescending(target => target.Collection.IsAuthority))
            {
                var found = await target.FindAsync(wanted, idsOnly: false, cancellationToken);
                findings.AddRange(await checks.CheckAsync(target, found.Values, cancellationToken));
                if (target.Collection.IsAuthority)
                {
                    carrying = [.. found.Values.Where(entry => Carries(entry, id)).Select(entry => entry.Id)];
                    last = found.Values.LastOrDefault();
                }
                held.AddRange(found.Keys.Where(carrying.Contains)
                    .Select(entity => new StoredEntity(target.Name, type, entity, AuditStates.Match, null)));
            }
            return last;
        }
    }

    private static bool Carries(AuditEntry entry, Guid id) => entry.Id == id || entry.Key?.Values.Contains(Uuid.ToText(id)) is true;

    private static bool Carries(RecordedEvent recorded, Guid id) =>
        recorded.Subject == id || recorded.Data.GetRawText().Contains(Uuid.ToText(id), StringComparison.OrdinalIgnoreCase);

    private async Task<IEnumerable<RecordedEvent>> EventsOfAggregateAsync(
        string entityType, Guid id, long emitted, CancellationToken cancellationToken)
    {
        var known = from type in EventTypes.Of(entityType)
                    from offset in Enumerable.Range(0, (int)Math.Min(emitted, MaxEventsOfAggregate))
                    select ids.Event(id, type, emitted - offset).Value;
        return await log.FindAsync(known, cancellationToken);
    }

    /// <summary>Returns the order that the entity is or belongs to, or the latest orders of a user.</summary>
    private async Task<IEnumerable<OrderReport>> OrdersAsync(
        string entityType, Guid id, IEnumerable<RecordedEvent> ofAggregate, CancellationToken cancellationToken)
    {
        var documents = (await models.GetActiveAsync(cancellationToken)).Orders;
        if (entityType == "users")
            return await documents.ListAsync(OrderReport.OfUser(new(id), MaxOrdersOfUser), cancellationToken);
        var named = ofAggregate.Select(OrderReport.OrderOf).OfType<OrderId>().Select(order => order.Value).Append(id).ToHashSet();
        return (await documents.GetManyAsync(named, cancellationToken)).Values.Select(document => document.Value);
    }

    private static async Task<IReadOnlyList<FoundEvent>> FoundAsync(
        AuditedShop shop, IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        var stores = events.ToDictionary(recorded => recorded.Id.Value, _ => new List<string>());
        foreach (var target in shop.Targets.Where(target => target.IsEventCollection))
        {
            foreach (var found in (await target.FindAsync(stores.Keys, idsOnly: true, cancellationToken)).Keys)
                stores[found].Add(target.Name);
        }
        return [.. events.Select(recorded => new FoundEvent(
            recorded.Id, recorded.Type, recorded.Time, $"{recorded.Partition.Split('@')[0]}:{recorded.Offset}", recorded.TraceId,
            stores[recorded.Id.Value]))];
    }
}
