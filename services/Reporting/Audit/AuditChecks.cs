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
    private readonly Expectations _expectations = new(shop, ids);

    /// <summary>Returns what is wrong with entries of a collection, or with the entries that depend on them.</summary>
    public async Task<List<AuditFinding>> CheckAsync(
        AuditTarget target, IReadOnlyCollection<AuditEntry> entries, CancellationToken cancellationToken)
    {
        var findings = new List<AuditFinding>();
        var sound = CheckIds(target, entries, findings);
        if (target.IsEventCollection)
        {
            findings.AddRange(await _events.CheckAsync(target, sound, cancellationToken));
            return findings;
        }
        if (target.Collection.IsAuthority)
        {
            await CheckCopiesAsync(target, sound, findings, cancellationToken);
            findings.AddRange(await _expectations.CheckAsync(target, sound, cancellationToken));
        }
        else
        {
            await CheckCopyAsync(target, sound, findings, cancellationToken);
        }
        await CheckReferencesAsync(target, sound, findings, cancellationToken);
        return findings;
    }

    /// <summary>Derives every ID again from the stored key; returns the entries whose ID is right, or whose store has no key.</summary>
    private List<AuditEntry> CheckIds(AuditTarget target, IReadOnlyCollection<AuditEntry> entries, List<AuditFinding> findings)
    {
        var sound = new List<AuditEntry>(entries.Count);
        foreach (var (entry, derived) in DerivedIds.Of(ids, target.Collection.EntityType, entries))
        {
            if (entry.Key is null || derived == entry.Id)
                sound.Add(entry);
            else
                findings.Add(Finding(target, target.Name, target.Collection.EntityType, entry.Id, AuditStates.Mismatch, entry.Id) with
                {
                    ExpectedId = derived,
                    Detail = "key",
                    RepairAt = target.Collection.CanRepair ? target.Name : null,
                });
        }
        return sound;
    }

    /// <summary>Each entity of the authority is in every store that must hold it.</summary>
    private async Task CheckCopiesAsync(
        AuditTarget authority, List<AuditEntry> entries, List<AuditFinding> findings, CancellationToken cancellationToken)
    {
        foreach (var copy in shop.CompleteCopiesOf(authority.Collection.EntityType))
        {
            var expected = entries.Where(entry => copy.Collection.Holds(entry.Group)).ToList();
            var found = await copy.FindIdsAsync(expected.Select(entry => entry.Id), cancellationToken);
            findings.AddRange(expected.Where(entry => !found.Contains(entry.Id)).Select(entry =>
                Finding(authority, copy.Name, authority.Collection.EntityType, entry.Id, AuditStates.Missing, entry.Id) with
                {
                    RepairAt = copy.Collection.CanRepair ? copy.Name : null,
                }));
        }
    }

    /// <summary>Each entry of a copy is an entity of the authority, with the same content.</summary>
    private async Task CheckCopyAsync(
        AuditTarget copy, List<AuditEntry> entries, List<AuditFinding> findings, CancellationToken cancellationToken)
    {
        if (shop.AuthorityOf(copy.Collection.EntityType) is not { } authority)
            return;
        var originals = await authority.FindAsync(entries.Select(entry => entry.Id), cancellationToken);
        foreach (var entry in entries)
        {
            if (!originals.TryGetValue(entry.Id, out var original))
                findings.Add(await UnknownAsync(copy, entry.Id, authority, entry.Id, cancellationToken));
            else if (Difference(entry, original) is { } difference)
                findings.Add(await DifferentAsync(copy, entry, authority, difference, cancellationToken));
        }
    }

    /// <summary>Each ID inside a natural key is an entity of its authority.</summary>
    private async Task CheckReferencesAsync(
        AuditTarget target, List<AuditEntry> entries, List<AuditFinding> findings, CancellationToken cancellationToken)
    {
        foreach (var (field, entityType) in target.Collection.References ?? new Dictionary<string, string>())
        {
            if (shop.AuthorityOf(entityType) is not { } authority)
                continue;
            var parents = entries.Where(entry => entry.Key is not null).Select(entry => (Entry: entry, Parent: ParentOf(entry, field)))
                .ToList();
            var found = await authority.FindIdsAsync(parents.Select(pair => pair.Parent), cancellationToken);
            foreach (var (entry, parent) in parents.Where(pair => !found.Contains(pair.Parent)))
                findings.Add(await UnknownAsync(target, entry.Id, authority, parent, cancellationToken));
        }
    }

    private static Guid ParentOf(AuditEntry entry, string field) =>
        Uuid.TryParse(entry.Key!.GetValueOrDefault(field), out var parent) ? parent : Guid.Empty;

    /// <summary>
    /// An entity that another store holds or refers to is not in its authority. If its first event is recorded, the authority lost it;
    /// otherwise no natural key explains the ID.
    /// </summary>
    private async Task<AuditFinding> UnknownAsync(
        AuditTarget holder, Guid entry, AuditTarget authority, Guid entity, CancellationToken cancellationToken)
    {
        var entityType = authority.Collection.EntityType;
        var isExplained = EventTypes.FirstOf(entityType) is { } first
            && (await log.FindIdsAsync([ids.Event(entity, first, 1).Value], cancellationToken)).Count > 0;
        return isExplained
            ? Finding(holder, authority.Name, entityType, entity, AuditStates.Missing, entry)
            : Finding(holder, holder.Name, holder.Collection.EntityType, entry, AuditStates.Orphan, entry) with
            {
                Detail = entityType,
                // A row is its owner's decision; a copy is not.
                RepairAt = holder.Collection is { CanRepair: true, IsAuthority: false } ? holder.Name : null,
            };
    }

    /// <summary>Names the store that is wrong: the copy, unless the copy equals the event that announced the entity.</summary>
    private async Task<AuditFinding> DifferentAsync(
        AuditTarget copy, AuditEntry entry, AuditTarget authority, string hash, CancellationToken cancellationToken)
    {
        var entityType = authority.Collection.EntityType;
        var finding = Finding(copy, copy.Name, entityType, entry.Id, AuditStates.Mismatch, entry.Id) with { Detail = hash };
        if (hash == "placed"
            && await log.FindAsync(
                [ids.Event(entry.Id, OrderPlaced.Type, 1).Value], cancellationToken) is [{ Value.Payload: OrderPlaced placed }]
            && OrderHashes.Placed(placed) == entry.Hashes![hash])
            return finding with { Store = authority.Name };
        return finding with { RepairAt = copy.Collection.CanRepair ? copy.Name : null };
    }

    /// <summary>Returns the name of the first hash that two entries have with different values; null if they agree.</summary>
    internal static string? Difference(AuditEntry left, AuditEntry right) => left.Hashes?.Keys.FirstOrDefault(name =>
        right.Hashes is not null && right.Hashes.TryGetValue(name, out var hash) && hash != left.Hashes[name]);

    internal static AuditFinding Finding(
        AuditTarget source, string store, string entityType, Guid id, string state, Guid sourceId) =>
        new(store, entityType, id, state) { Source = (source.Name, sourceId) };
}

/// <summary>Derives the IDs of a page.</summary>
internal static class DerivedIds
{
    public static IEnumerable<(AuditEntry Entry, Guid? Derived)> Of(
        ForgeIds ids, string entityType, IReadOnlyCollection<AuditEntry> entries)
    {
        if (!ids.Catalogue.TryGet(entityType, out var type))
            return entries.Select(entry => (entry, (Guid?)null));
        return type.Shape.Form is KeyForm.Value && Batch(ids.Namespace(entityType), entries) is { } batch
            ? entries.Select((entry, index) => (entry, (Guid?)batch[index]))
            : entries.Select(entry => (entry, One(ids, entityType, entry)));
    }

    private static Guid[]? Batch(EntityNamespace space, IReadOnlyCollection<AuditEntry> entries)
    {
        if (entries.Any(entry => entry.Key is null))
            return null;
        var derived = new Guid[entries.Count];
        try
        {
            space.DeriveMany(entries.Select(entry => entry.Key!.GetValueOrDefault("key", "")).ToArray(), derived);
            return derived;
        }
        catch (ForgeKeyException)
        {
            return null; // One of the keys was changed to one that is refused; one by one shows which.
        }
    }

    private static Guid? One(ForgeIds ids, string entityType, AuditEntry entry) => entry.Key is { } key
        && ids.TryDerive(entityType, key.Select(field => KeyValuePair.Create(field.Key, (string?)field.Value)), out var id, out _)
            ? id : null;
}
