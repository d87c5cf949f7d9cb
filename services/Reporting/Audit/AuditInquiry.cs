using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>Asks again what was wrong at first sight, when what was in flight has arrived.</summary>
internal sealed class AuditInquiry(
    AuditSettlement settlement, IEnumerable<IReadModelFold> folds, EventLog log, IOptions<AuditOptions> options, TimeProvider time)
{
    private static readonly TimeSpan RoundDelay = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Asks until nothing is wrong, or until the shop has emitted nothing between two rounds: then what is wrong stays wrong.
    /// </summary>
    public async Task<List<AuditFinding>> AskAsync(
        AuditProgress progress, AuditedShop shop, AuditChecks checks, CancellationToken cancellationToken)
    {
        var (suspects, open, last) = (progress.Run.Suspects, new List<AuditFinding>(), "");
        for (var round = 1; suspects.Count > 0; round++)
        {
            var position = await settlement.WaitAsync(cancellationToken);
            open = await AskOnceAsync(shop, checks, suspects, cancellationToken);
            suspects = [.. open.Select(finding => finding.Source).Distinct()];
            if (position == last || round == options.Value.MaxRounds)
                break;
            last = position;
            await progress.SaveSometimesAsync(cancellationToken);
            await Task.Delay(RoundDelay, time, cancellationToken);
        }
        return Consequences.Remove(open, shop);
    }

    private async Task<List<AuditFinding>> AskOnceAsync(
        AuditedShop shop, AuditChecks checks, IReadOnlyList<AuditSuspect> suspects, CancellationToken cancellationToken)
    {
        var (findings, foldings) = (new List<AuditFinding>(), new List<IFolding>());
        foreach (var ofTarget in suspects.GroupBy(suspect => suspect.Target, suspect => suspect.Id))
        {
            if (shop.Find(ofTarget.Key) is { } target)
            {
                var entries = await target.FindAsync(ofTarget, idsOnly: false, cancellationToken);
                findings.AddRange(await checks.CheckAsync(target, entries.Values, cancellationToken));
            }
            else if (folds.FirstOrDefault(fold => fold.Step == ofTarget.Key) is { } fold)
            {
                foldings.Add(await fold.OpenAsync([.. ofTarget], cancellationToken));
            }
        }
        await log.FoldAsync(foldings, cancellationToken);
        findings.AddRange(foldings.SelectMany(folding => folding.Findings()));
        return findings;
    }
}
