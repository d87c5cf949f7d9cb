using System.Globalization;
using ForgeShop.Contracts.Audit;
using ForgeShop.Forge;

namespace ForgeShop.Reporting;

/// <summary>
/// Compares outboxes, inboxes and the event log: every published event arrived, and every event that arrived was published.
/// </summary>
internal sealed class EventChecks(AuditedShop shop, ForgeIds ids, DateTimeOffset since)
{
    public Task<List<AuditFinding>> CheckAsync(AuditTarget target, List<AuditEntry> entries, CancellationToken cancellationToken) =>
        target.Collection.IsAuthority
            ? CheckPublishedAsync(target, entries, cancellationToken)
            : CheckReceivedAsync(target, [.. entries.Where(entry => entry.At is not { } at || at >= since)], cancellationToken);

    /// <summary>An event that no consumer has never reached its topic. An event that some have was lost by the others.</summary>
    private async Task<List<AuditFinding>> CheckPublishedAsync(
        AuditTarget outbox, List<AuditEntry> entries, CancellationToken cancellationToken)
    {
        var received = new List<(AuditTarget Consumer, HashSet<Guid> Ids)>();
        foreach (var consumer in shop.CompleteCopiesOf("events"))
        {
            var expected = entries.Where(entry => consumer.Collection.Holds(entry.Group)).Select(entry => entry.Id).ToList();
            received.Add((consumer, expected.Count == 0 ? [] : await consumer.FindIdsAsync(expected, cancellationToken)));
        }
        var findings = new List<AuditFinding>();
        foreach (var entry in entries)
        {
            var consumers = received.Where(consumer => consumer.Consumer.Collection.Holds(entry.Group)).ToList();
            var absent = consumers.FindAll(consumer => !consumer.Ids.Contains(entry.Id)).ConvertAll(consumer => consumer.Consumer);
            if (absent.Count == 0)
                continue;
            var stores = absent.Count == consumers.Count
                ? [$"kafka/{entry.Group?.Split('/')[0]}"] : absent.Select(consumer => consumer.Name);
            findings.AddRange(stores.Select(store =>
                AuditChecks.Finding(outbox, store, "events", entry.Id, AuditStates.Missing, entry.Id) with
                {
                    Detail = entry.Key?.GetValueOrDefault("type"),
                    // The inboxes of the consumers that have the event drop the copy.
                    RepairAt = absent.Count == consumers.Count || store == "reporting/events" ? outbox.Name : null,
                }));
        }
        return findings;
    }

    /// <summary>Each received event is in the outbox of its service, with the same data.</summary>
    private async Task<List<AuditFinding>> CheckReceivedAsync(
        AuditTarget consumer, List<AuditEntry> entries, CancellationToken cancellationToken)
    {
        var findings = new List<AuditFinding>();
        foreach (var (outboxes, ofOutbox) in ByOutbox(consumer, entries))
        {
            var published = new Dictionary<Guid, AuditEntry>();
            foreach (var outbox in outboxes)
            {
                var open = ofOutbox.Select(entry => entry.Id).Where(id => !published.ContainsKey(id)).ToList();
                if (ofOutbox[0].Hashes is null)
                {
                    foreach (var id in await outbox.FindIdsAsync(open, cancellationToken))
                        published[id] = new(id);
                    continue;
                }
                foreach (var (id, entry) in await outbox.FindAsync(open, cancellationToken))
                    published[id] = entry;
            }
            foreach (var entry in ofOutbox)
            {
                if (!published.TryGetValue(entry.Id, out var original))
                    findings.Add(await UnpublishedAsync(consumer, entry, outboxes, cancellationToken));
                else if (AuditChecks.Difference(entry, original) is { } difference)
                    findings.Add(AuditChecks.Finding(
                        consumer, consumer.Name, "events", entry.Id, AuditStates.Mismatch, entry.Id) with { Detail = difference });
            }
        }
        return findings;
    }

    /// <summary>
    /// The service that emitted an event is the first word of its type. An inbox holds no type: the topics name the services.
    /// </summary>
    private IEnumerable<(IReadOnlyList<AuditTarget> Outboxes, List<AuditEntry> Entries)> ByOutbox(
        AuditTarget consumer, List<AuditEntry> entries)
    {
        var byService = entries.GroupBy(entry => entry.Key?.GetValueOrDefault("type")?.Split('.')[0]);
        foreach (var ofService in byService)
        {
            var outboxes = ofService.Key is { } service
                ? [.. shop.Targets.Where(target => target.IsEventCollection && target.Collection.IsAuthority && target.Service == service)]
                : shop.OutboxesOf((consumer.Collection.Groups ?? []).Select(group => group.Split('/')[0]));
            // The events of a service without an audited outbox cannot be compared.
            if (outboxes.Count > 0)
                yield return (outboxes, [.. ofService]);
        }
    }

    /// <summary>
    /// No outbox has the event. If its aggregate has emitted that many events and no other one under that number, the outbox lost the row;
    /// otherwise the event is foreign.
    /// </summary>
    private async Task<AuditFinding> UnpublishedAsync(
        AuditTarget consumer, AuditEntry entry, IReadOnlyList<AuditTarget> outboxes, CancellationToken cancellationToken)
    {
        if (entry.Key is { } key && EventTypes.EntityTypeOf(key["type"]) is { } entityType && shop.AuthorityOf(entityType) is { } authority
            && Uuid.TryParse(key["aggregate"], out var aggregate)
            && long.TryParse(key["sequence"], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            && (await authority.FindAsync([aggregate], cancellationToken)).GetValueOrDefault(aggregate)?.Events >= sequence)
        {
            var siblings = EventTypes.SiblingsOf(key["type"]).Select(type => ids.Event(aggregate, type, sequence).Value);
            if ((await outboxes[0].FindIdsAsync(siblings, cancellationToken)).Count == 0)
                return AuditChecks.Finding(
                    consumer, outboxes[0].Name, "events", entry.Id, AuditStates.Missing, entry.Id) with { Detail = key["type"] };
        }
        return AuditChecks.Finding(consumer, consumer.Name, "events", entry.Id, AuditStates.Orphan, entry.Id) with
        {
            Detail = entry.Key?.GetValueOrDefault("type"),
            RepairAt = consumer.Collection.CanRepair ? consumer.Name : null,
        };
    }
}
