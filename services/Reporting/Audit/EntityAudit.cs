using ForgeShop.Contracts.Audit;
using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>Compares one entity in every store that holds it or must hold it, and the entities that depend on it.</summary>
internal sealed class EntityAudit(AuditedServices services, EventLog log, ForgeIds ids, IOptions<AuditOptions> options, TimeProvider time)
{
    public async Task<AuditReports.EntityReport> CheckAsync(string entityType, Guid id, CancellationToken cancellationToken)
    {
        var shop = await services.DescribeAsync(cancellationToken);
        var checks = new AuditChecks(shop, ids, log, time.GetUtcNow() - options.Value.OutboxRetention);
        var (held, findings) = (new List<AuditReports.StoredEntity>(), new List<AuditFinding>());
        foreach (var target in shop.Targets.Where(target => target.Collection.EntityType == entityType))
        {
            var found = await target.FindAsync([id], cancellationToken);
            findings.AddRange(await checks.CheckAsync(target, found.Values, cancellationToken));
            if (found.GetValueOrDefault(id) is { } entry)
                held.AddRange(Held(target, entry, shop));
            else if (target == shop.AuthorityOf(entityType))
                findings.Add(AuditChecks.Finding(target, target.Name, entityType, id, AuditStates.Missing, id));
        }
        var wrong = Consequences.Remove(findings, shop);
        List<AuditReports.StoredEntity> stores =
        [
            .. held.Where(store => !wrong.Exists(finding => finding.Store == store.Store && finding.Id == store.Id)),
            .. wrong.Select(finding =>
                new AuditReports.StoredEntity(finding.Store, finding.EntityType, finding.Id, finding.State, finding.Detail)),
        ];
        return new(entityType, id, wrong.Count == 0, stores);
    }

    /// <summary>Returns the entry, and for an order the entities that depend on it; findings replace those that are wrong.</summary>
    private IEnumerable<AuditReports.StoredEntity> Held(AuditTarget target, AuditEntry entry, AuditedShop shop)
    {
        var own = new AuditReports.StoredEntity(target.Name, target.Collection.EntityType, entry.Id, AuditStates.Match, null);
        return target.Collection is { IsAuthority: true, EntityType: "orders" }
            ? new Expectations(shop, ids).Of(entry)
                .Select(dependent => own with { Store = dependent.Store, EntityType = dependent.EntityType, Id = dependent.Id })
                .Prepend(own)
            : [own];
    }
}
