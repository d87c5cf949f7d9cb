using ForgeShop.Contracts.Audit;

namespace ForgeShop.Reporting;

/// <summary>Asks the owners to repair findings, and records what they changed. The auditor changes no store of another service.</summary>
internal sealed class AuditRepairer(
    AuditRuns runs, EventLog log, ForgeIds ids, AuditSettlement settlement, IEnumerable<IReadModelFold> folds, TimeProvider time)
{
    private const int BatchSize = 100;

    // A rebuild reads the event log once for each batch.
    private const int OwnBatchSize = 2000;

    // Five events of up to 2 KiB for each notification stay below the limit of a request body.
    private const int NotificationBatchSize = 4;

    /// <returns>The number of changes.</returns>
    public async Task<int> RepairAsync(
        AuditRun run, AuditedShop shop, IReadOnlyList<AuditFinding> findings, CancellationToken cancellationToken)
    {
        var changes = 0;
        var touched = new List<RecordedEvent>();
        foreach (var ofOwner in findings.Where(finding => finding.RepairAt is not null).GroupBy(finding => finding.RepairAt!))
        {
            var isNotifications = ofOwner.First().EntityType == "notifications";
            var size = isNotifications ? NotificationBatchSize
                : ofOwner.Key.StartsWith("reporting/", StringComparison.Ordinal) ? OwnBatchSize : BatchSize;
            foreach (var batch in ofOwner.DistinctBy(finding => finding.RepairId).Chunk(size))
            {
                var wanted = batch.Select(finding => finding.RepairId).ToList();
                if (ofOwner.Key == "reporting/events")
                    touched.AddRange(await log.FindAsync(wanted, cancellationToken));
                var evidence = isNotifications ? await EvidenceAsync(batch, cancellationToken) : [];
                var repaired = await AskAsync(shop, ofOwner.Key, new(wanted, evidence), cancellationToken);
                changes += await RecordAsync(run, ofOwner.Key, repaired, cancellationToken);
            }
        }

        // Read models include an event that was set aside, or count one twice that was lost from the log and published again.
        var replayed = findings.Where(finding => finding.RepairAt?.EndsWith("/outbox", StringComparison.Ordinal) is true)
            .Select(finding => finding.RepairId).ToList();
        if (replayed.Count > 0)
        {
            await settlement.WaitAsync(cancellationToken);
            touched.AddRange(await log.FindAsync(replayed, cancellationToken));
        }
        foreach (var fold in folds)
        {
            var documents = touched.SelectMany(fold.DocumentsOf).ToHashSet();
            if (documents.Count > 0)
            {
                var rebuilt = await fold.RebuildAsync(documents, cancellationToken);
                changes += await RecordAsync(run, fold.Store, rebuilt, cancellationToken);
            }
        }
        return changes;
    }

    private Task<IReadOnlyList<RepairedEntry>> AskAsync(
        AuditedShop shop, string owner, AuditRepair repair, CancellationToken cancellationToken) =>
        shop.Find(owner) is { } target
            ? target.RepairAsync(repair, cancellationToken)
            : folds.First(fold => fold.Step == owner).RebuildAsync(repair.Ids, cancellationToken);

    /// <summary>Returns the events that a notification was made of: the order's, and its own with the time when it was sent.</summary>
    private async Task<IReadOnlyList<AuditEvent>> EvidenceAsync(
        IEnumerable<AuditFinding> notifications, CancellationToken cancellationToken)
    {
        var wanted = notifications.SelectMany(finding => new[]
        {
            ids.Event(finding.Source.Id, OrderPlaced.Type, 1), ids.Event(finding.Source.Id, OrderConfirmed.Type, 2),
            ids.Event(finding.Source.Id, OrderCancelled.Type, 2), ids.Event(finding.Source.Id, OrderCancelled.Type, 3),
            ids.Event(finding.Id, NotificationSent.Type, 1),
        }).Select(id => id.Value);
        return [.. (await log.FindAsync(wanted, cancellationToken)).Select(recorded => new AuditEvent(
            recorded.Id, recorded.Type, recorded.Subject, recorded.Sequence, recorded.DataVersion, recorded.Data))];
    }

    private async Task<int> RecordAsync(
        AuditRun run, string store, IReadOnlyList<RepairedEntry> repaired, CancellationToken cancellationToken)
    {
        if (repaired.Count == 0)
            return 0;
        var now = time.GetUtcNow();
        var records = repaired.Select(entry =>
            new RepairRecord(run.Id, store, entry.Id, entry.Action, entry.Before, entry.After, run.By, now));
        await runs.RecordAsync([.. records], cancellationToken);
        return repaired.Count;
    }
}
