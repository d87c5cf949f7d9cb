using ForgeShop.Contracts.Audit;
using ForgeShop.Forge;

namespace ForgeShop.Reporting;

/// <summary>
/// Checks a page of entries: derives their IDs again in one batch, and looks up the same and the dependent IDs in the other stores. No
/// check needs a mapping table.
/// </summary>
internal sealed class AuditChecks(AuditedShop shop, ForgeIds ids, EventLog log, DateTimeOffset eventsSince)
{
    private readonly EventChecks _events = new(shop, ids, eventsSince);

    /// <summary>Returns what is wrong with entries of a collection, or with the entries that depend on them.</summary>
    public async Task<List<AuditFinding>> CheckAsync(
        AuditTarget target, IReadOnlyCollection<AuditEntry> entries, CancellationToken cancellationToken)
    {
        var findings = new List<AuditFinding>();
        var sound = CheckIds(target, entries, findings);
        if (target.IsEventCollection)
            findings.AddRange(await _events.CheckAsync(target, sound, cancellationToken));
        else if (target.Collection.IsAuthority)
            findings.AddRange(await CheckDependentsAsync(target, sound, cancellationToken));
        else if (shop.AuthorityOf(target.Collection.EntityType) is { } authority)
            findings.AddRange(await CheckAgainstAuthorityAsync(
                target, authority, sound.ConvertAll(entry => (entry, entry.Id)), idsOnly: false, cancellationToken));
        foreach (var (field, entityType) in target.Collection.References ?? new Dictionary<string, string>())
        {
            if (shop.AuthorityOf(entityType) is { } parents)
                findings.AddRange(await CheckAgainstAuthorityAsync(
                    target, parents, sound.FindAll(entry => entry.Key is not null).ConvertAll(entry => (entry, ParentOf(entry, field))),
                    idsOnly: true, cancellationToken));
        }
        return findings;
    }

    private static Guid ParentOf(AuditEntry entry, string field) =>
        Uuid.TryParse(entry.Key!.GetValueOrDefault(field), out var parent) ? parent : Guid.Empty;

    /// <summary>Derives every ID again from the stored key; returns the entries whose ID is right, or whose store has no key.</summary>
    private List<AuditEntry> CheckIds(AuditTarget target, IReadOnlyCollection<AuditEntry> entries, List<AuditFinding> findings)
    {
        var sound = new List<AuditEntry>(entries.Count);
        foreach (var (entry, derived) in entries.Zip(DerivedIds(target.Collection.EntityType, entries)))
        {
            if (entry.Key is null || derived == entry.Id)
                sound.Add(entry);
            else
                findings.Add(target.Finding(entry.Id, AuditStates.Mismatch) with
                {
                    ExpectedId = derived, Detail = "key", RepairAt = target.RepairName,
                });
        }
        return sound;
    }

    /// <summary>Derives the ID of each entry; null for a key that is missing or refused.</summary>
    private IEnumerable<Guid?> DerivedIds(string entityType, IReadOnlyCollection<AuditEntry> entries)
    {
        if (!ids.Catalogue.TryGet(entityType, out var type))
            return entries.Select(_ => (Guid?)null);
        if (type.Shape.Form is KeyForm.Value && entries.All(entry => entry.Key is not null))
        {
            try
            {
                var derived = new Guid[entries.Count];
                ids.Namespace(entityType).DeriveMany([.. entries.Select(entry => entry.Key!.GetValueOrDefault("key", ""))], derived);
                return derived.Select(id => (Guid?)id);
            }
            catch (ForgeKeyException)
            {
                // One of the keys was changed to one that is refused; one by one shows which.
            }
        }
        return entries.Select(entry => entry.Key is { } key
            && ids.TryDerive(entityType, key.Select(field => KeyValuePair.Create(field.Key, (string?)field.Value)), out var id, out _)
                ? id : (Guid?)null);
    }

    /// <summary>Each entity of the authority is in every store that must hold it, and so are the entities that it requires.</summary>
    private async Task<List<AuditFinding>> CheckDependentsAsync(
        AuditTarget authority, List<AuditEntry> entries, CancellationToken cancellationToken)
    {
        var findings = new List<AuditFinding>();
        foreach (var copy in shop.CompleteCopiesOf(authority.Collection.EntityType))
        {
            var held = entries.Where(entry => copy.Collection.Holds(entry.Group)).Select(entry => (entry, entry.Id));
            await ExpectAsync(copy, [.. held], idsOnly: true);
        }
        if (authority.Collection.EntityType != "orders")
            return findings;
        var required = from order in entries
                       from expected in Expectations.Of(order, ids)
                       group (order, expected.Id) by expected.EntityType;
        foreach (var ofType in required)
        {
            // Only payments have content to compare: the amount.
            if (shop.AuthorityOf(ofType.Key) is { } dependents)
                await ExpectAsync(dependents, [.. ofType], idsOnly: ofType.Key != "payments");
        }
        return findings;

        async Task ExpectAsync(AuditTarget store, List<(AuditEntry Source, Guid Id)> expected, bool idsOnly)
        {
            var found = await store.FindAsync(expected.Select(pair => pair.Id), idsOnly, cancellationToken);
            foreach (var (source, id) in expected)
            {
                var suspect = new AuditSuspect(authority.Name, source.Id);
                if (!found.TryGetValue(id, out var entry))
                    findings.Add(store.Finding(id, AuditStates.Missing) with { Source = suspect, RepairAt = store.RepairName });
                else if (!idsOnly && Difference(entry, source) is { } difference)
                    findings.Add(store.Finding(id, AuditStates.Mismatch) with { Source = suspect, Detail = difference });
            }
        }
    }

    /// <summary>Each ID that a store holds or refers to is an entity of its authority, with the same content.</summary>
    private async Task<List<AuditFinding>> CheckAgainstAuthorityAsync(
        AuditTarget holder, AuditTarget authority, List<(AuditEntry Entry, Guid Id)> claimed, bool idsOnly,
        CancellationToken cancellationToken)
    {
        var findings = new List<AuditFinding>();
        var originals = await authority.FindAsync(claimed.Select(pair => pair.Id), idsOnly, cancellationToken);
        foreach (var (entry, id) in claimed)
        {
            if (!originals.TryGetValue(id, out var original))
                findings.Add(await UnknownAsync(holder, entry.Id, authority, id, cancellationToken));
            else if (!idsOnly && Difference(entry, original) is { } difference)
                findings.Add(await DifferentAsync(holder, entry, authority, difference, cancellationToken));
        }
        return findings;
    }

    /// <summary>
    /// An entity that another store holds or refers to is not in its authority. If its first event is recorded, the authority lost it;
    /// otherwise no natural key explains the ID.
    /// </summary>
    private async Task<AuditFinding> UnknownAsync(
        AuditTarget holder, Guid entry, AuditTarget authority, Guid entity, CancellationToken cancellationToken)
    {
        var entityType = authority.Collection.EntityType;
        if (EventTypes.FirstOf(entityType) is { } first && await IsRecordedAsync(ids.Event(entity, first, 1)))
            return authority.Finding(entity, AuditStates.Missing) with { Source = new(holder.Name, entry) };
        return holder.Finding(entry, AuditStates.Orphan) with
        {
            Detail = entityType,
            // A row is its owner's decision; a copy is not.
            RepairAt = holder.Collection.IsAuthority ? null : holder.RepairName,
        };

        async Task<bool> IsRecordedAsync(EventId id) =>
            (await log.Documents.FindIdsAsync([id.Value], cancellationToken)).Count > 0;
    }

    /// <summary>Names the store that is wrong: the copy, unless the copy equals the event that announced the entity.</summary>
    private async Task<AuditFinding> DifferentAsync(
        AuditTarget copy, AuditEntry entry, AuditTarget authority, string hash, CancellationToken cancellationToken)
    {
        var finding = copy.Finding(entry.Id, AuditStates.Mismatch) with { Detail = hash };
        if (hash == "placed"
            && await log.FindAsync([ids.Event(entry.Id, OrderPlaced.Type, 1).Value], cancellationToken) is [var placed]
            && ReportingAudit.PlacedHash(OrderReport.Projection.Fold(entry.Id, null, placed)) == entry.Hashes![hash])
            return finding with { Store = authority.Name };
        return finding with { RepairAt = copy.RepairName };
    }

    /// <summary>Returns the name of the first hash that two entries have with different values; null if they agree.</summary>
    internal static string? Difference(AuditEntry left, AuditEntry right) => left.Hashes?.Keys.FirstOrDefault(name =>
        right.Hashes is not null && right.Hashes.TryGetValue(name, out var hash) && hash != left.Hashes[name]);
}
