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
        var received = new List<(AuditTarget Consumer, Dictionary<Guid, AuditEntry> Events)>();
        foreach (var consumer in shop.CompleteCopiesOf("events"))
        {
            var expected = entries.Where(entry => consumer.Collection.Holds(entry.Group)).Select(entry => entry.Id);
            received.Add((consumer, await consumer.FindAsync(expected, idsOnly: true, cancellationToken)));
        }
        return [.. entries.GroupBy(entry => entry.Group).SelectMany(ofGroup =>
        {
            var consumers = received.FindAll(consumer => consumer.Consumer.Collection.Holds(ofGroup.Key));
            return ofGroup.SelectMany(entry => Lost(outbox, entry, consumers));
        })];
    }

    private static IEnumerable<AuditFinding> Lost(
        AuditTarget outbox, AuditEntry entry, List<(AuditTarget Consumer, Dictionary<Guid, AuditEntry> Events)> consumers)
    {
        var absent = consumers.FindAll(consumer => !consumer.Events.ContainsKey(entry.Id)).ConvertAll(one => one.Consumer.Name);
        if (absent.Count == 0)
            return [];
        var isUnpublished = absent.Count == consumers.Count;
        List<string> stores = isUnpublished ? [$"kafka/{entry.Group?.Split('/')[0]}"] : absent;
        return stores.Select(store => outbox.Finding(entry.Id, AuditStates.Missing) with
        {
            Store = store,
            Detail = TypeOf(entry),
            // The inboxes of the consumers that have the event drop the copy.
            RepairAt = isUnpublished || store == "reporting/events" ? outbox.Name : null,
        });
    }

    /// <summary>Each received event is in the outbox of its service, with the same data.</summary>
    private async Task<List<AuditFinding>> CheckReceivedAsync(
        AuditTarget consumer, List<AuditEntry> entries, CancellationToken cancellationToken)
    {
        var findings = new List<AuditFinding>();
        // The service that emitted an event is the first word of its type.
        foreach (var ofService in entries.GroupBy(entry => TypeOf(entry)?.Split('.')[0]))
        {
            var outboxes = OutboxesOf(ofService.Key, consumer);
            // The events of a service without an audited outbox cannot be compared.
            if (outboxes.Count == 0)
                continue;
            var published = new Dictionary<Guid, AuditEntry>();
            foreach (var outbox in outboxes)
            {
                var open = ofService.Select(entry => entry.Id).Where(id => !published.ContainsKey(id)).ToList();
                foreach (var (id, entry) in await outbox.FindAsync(open, idsOnly: ofService.First().Hashes is null, cancellationToken))
                    published[id] = entry;
            }
            foreach (var entry in ofService)
            {
                if (!published.TryGetValue(entry.Id, out var original))
                    findings.Add(await UnpublishedAsync(consumer, entry, outboxes[0], cancellationToken));
                else if (AuditChecks.Difference(entry, original) is { } difference)
                    findings.Add(consumer.Finding(entry.Id, AuditStates.Mismatch) with { Detail = difference });
            }
        }
        return findings;
    }

    /// <summary>Returns the outbox of a service. An inbox holds no types, so the topics that it receives name the services.</summary>
    private List<AuditTarget> OutboxesOf(string? service, AuditTarget consumer)
    {
        var services = service is not null ? [service]
            : (consumer.Collection.Groups ?? []).Select(group => AuditedShop.OwnerOf(group.Split('/')[0])).ToList();
        return [.. shop.Outboxes.Where(outbox => services.Contains(outbox.Service))];
    }

    /// <summary>
    /// No outbox has the event. If its aggregate has emitted that many events and no other one under that number, the outbox lost the row;
    /// otherwise the event is foreign.
    /// </summary>
    private async Task<AuditFinding> UnpublishedAsync(
        AuditTarget consumer, AuditEntry entry, AuditTarget outbox, CancellationToken cancellationToken)
    {
        var type = TypeOf(entry);
        if (type is not null && EventTypes.EntityTypeOf(type) is { } entityType && shop.AuthorityOf(entityType) is { } authority
            && Uuid.TryParse(entry.Key!["aggregate"], out var aggregate)
            && long.TryParse(entry.Key["sequence"], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            && (await authority.FindAsync([aggregate], idsOnly: false, cancellationToken)).GetValueOrDefault(aggregate)?.Events >= sequence)
        {
            var others = from other in EventTypes.Of(entityType) where other != type select ids.Event(aggregate, other, sequence).Value;
            if ((await outbox.FindAsync(others, idsOnly: true, cancellationToken)).Count == 0)
                return outbox.Finding(entry.Id, AuditStates.Missing) with { Source = new(consumer.Name, entry.Id), Detail = type };
        }
        return consumer.Finding(entry.Id, AuditStates.Orphan) with { Detail = type, RepairAt = consumer.RepairName };
    }

    private static string? TypeOf(AuditEntry entry) => entry.Key?.GetValueOrDefault("type");
}
