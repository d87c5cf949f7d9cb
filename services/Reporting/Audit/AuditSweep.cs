using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>
/// Checks every store of the shop while it works: pages through each collection, collects what is wrong at first sight, and asks that again
/// when what was in flight has arrived. State and cursor are stored, so any replica continues after a kill.
/// </summary>
internal sealed class AuditSweep(
    AuditRuns runs, AuditedServices services, AuditSettlement settlement, AuditRepairer repairer, IEnumerable<IReadModelFold> folds,
    EventLog log, ForgeIds ids, IOptions<AuditOptions> options, AuditMetrics metrics, TimeProvider time)
{
    private const int MaxRepairPasses = 3;

    /// <summary>A fold reads the log once for each range of documents, so large shops compare orders with their owner only.</summary>
    private const long MaxEventsToFoldOrders = 50_000;

    private static readonly TimeSpan RoundDelay = TimeSpan.FromMilliseconds(200);

    private readonly AuditOptions _options = options.Value;
    private readonly Guid _replica = Guid.NewGuid();

    public static string StepOf(IReadModelFold fold) => $"reporting/{fold.Name}/fold";

    /// <summary>Continues the sweep that is requested.</summary>
    /// <returns>False if there is none, or another replica runs it.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var read = await runs.ReadAsync(cancellationToken);
        if (read is not { Value.Status: AuditStatus.Running })
            return false;
        if (read.Value.Replica != _replica && read.Value.LeasedUntil > time.GetUtcNow())
            return false;
        var progress = new AuditProgress(runs, read, _replica, time);
        try
        {
            await SweepAsync(progress, cancellationToken);
        }
        catch (AuditLeaseLostException)
        {
            return false;
        }
        catch (Exception exception) when (IsTransient(exception) && !cancellationToken.IsCancellationRequested)
        {
            await progress.SaveAsync(progress.Run with { Error = exception.Message }, cancellationToken);
            throw;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            await progress.SaveAsync(
                progress.Run with { Status = AuditStatus.Failed, Error = exception.Message, FinishedAt = time.GetUtcNow() },
                cancellationToken);
            throw;
        }
        return false;
    }

    private async Task SweepAsync(AuditProgress progress, CancellationToken cancellationToken)
    {
        var shop = await services.DescribeAsync(cancellationToken);
        // An hour less than the retention, because rows are deleted while the sweep runs.
        var checks = new AuditChecks(shop, ids, log, progress.Run.StartedAt - _options.OutboxRetention + TimeSpan.FromHours(1));
        await progress.SaveAsync(progress.Run with { Estimate = shop.Estimate, Error = null }, cancellationToken);

        foreach (var target in shop.Targets)
        {
            // The next page is read while this one is checked.
            Task<AuditedEntries>? ahead = null;
            await StepAsync(progress, target.Name, async cursor =>
            {
                var page = await (ahead ?? target.PageAsync(cursor, _options.PageSize, cancellationToken));
                ahead = page.Next is null ? null : target.PageAsync(page.Next, _options.PageSize, cancellationToken);
                return new(page.Items.Count, SuspectsOf(await checks.CheckAsync(target, page.Items, cancellationToken)), page.Next);
            });
        }
        foreach (var fold in folds.Where(fold => fold.Name != "orders" || !(EventsOf(shop) > MaxEventsToFoldOrders)))
            await StepAsync(progress, StepOf(fold), cursor => ReadAsync(fold, cursor, cancellationToken));

        await SettleAsync(progress, shop, checks, cancellationToken);
        var now = time.GetUtcNow();
        var status = progress.Run.Wrong == progress.Run.Repaired ? AuditStatus.Consistent : AuditStatus.Inconsistent;
        await progress.SaveAsync(
            progress.Run with { Status = status, FinishedAt = now, Step = null, Cursor = null }, cancellationToken);
        metrics.Finished(now - progress.Run.StartedAt);

        async Task StepAsync(AuditProgress progress, string step, Func<string?, Task<StepPage>> read)
        {
            if (progress.Run.Done.Contains(step))
                return;
            var page = new StepPage(0, [], progress.Run.Step == step ? progress.Run.Cursor : null);
            do
            {
                page = await read(page.Next);
                metrics.Checked(step, page.Checked);
                progress.Run = progress.Run.Count(step, page.Checked) with
                {
                    Step = step, Cursor = page.Next, Suspects = [.. progress.Run.Suspects, .. page.Suspects.Except(progress.Run.Suspects)],
                };
                if (progress.Run.Suspects.Count > _options.MaxSuspects)
                    await SettleAsync(progress, shop, checks, cancellationToken);
                await progress.SaveSometimesAsync(cancellationToken);
            }
            while (page.Next is not null);
            progress.Run = progress.Run with { Done = [.. progress.Run.Done, step] };
        }
    }

    private sealed record StepPage(int Checked, IReadOnlyList<AuditSuspect> Suspects, string? Next);

    private static async Task<StepPage> ReadAsync(IReadModelFold fold, string? cursor, CancellationToken cancellationToken)
    {
        var range = await fold.CheckAsync(cursor, cancellationToken);
        return new(range.Checked, [.. range.Wrong.Select(document => new AuditSuspect(StepOf(fold), document.Id))], range.Next);
    }

    /// <summary>Asks the suspects again, repairs what stays wrong if the run says so, and adds it to the report.</summary>
    private async Task SettleAsync(AuditProgress progress, AuditedShop shop, AuditChecks checks, CancellationToken cancellationToken)
    {
        if (progress.Run.Suspects.Count == 0)
            return;
        var open = await AskUntilSettledAsync(progress, shop, checks, progress.Run.Suspects, cancellationToken);
        var wrong = open.ToDictionary(finding => finding.Identity);
        for (var pass = 1; progress.Run.Repair && pass <= MaxRepairPasses && open.Any(finding => finding.RepairAt is not null); pass++)
        {
            if (await repairer.RepairAsync(progress.Run, shop, open, cancellationToken) == 0)
                break;
            open = await AskUntilSettledAsync(progress, shop, checks, progress.Run.Suspects, cancellationToken);
            foreach (var finding in open)
                wrong.TryAdd(finding.Identity, finding);
        }
        var left = open.Select(finding => finding.Identity).ToHashSet();
        foreach (var finding in wrong.Values.Where(finding => progress.Run.Findings.All(known => known.Identity != finding.Identity)))
        {
            var settled = finding with { IsRepaired = !left.Contains(finding.Identity) };
            metrics.Found(settled);
            progress.Run = progress.Run with
            {
                Wrong = progress.Run.Wrong + 1,
                Repaired = progress.Run.Repaired + (settled.IsRepaired ? 1 : 0),
                Findings = progress.Run.Findings.Count < _options.MaxFindings ? [.. progress.Run.Findings, settled] : progress.Run.Findings,
            };
        }
        await progress.SaveAsync(progress.Run with { Suspects = [] }, cancellationToken);
    }

    /// <summary>
    /// Asks until nothing is wrong, or until the shop has emitted nothing between two rounds: then what is wrong stays wrong.
    /// </summary>
    private async Task<List<AuditFinding>> AskUntilSettledAsync(
        AuditProgress progress, AuditedShop shop, AuditChecks checks, IReadOnlyList<AuditSuspect> suspects,
        CancellationToken cancellationToken)
    {
        var (open, last) = (new List<AuditFinding>(), "");
        for (var round = 1; suspects.Count > 0; round++)
        {
            var position = await settlement.WaitAsync(cancellationToken);
            open = await AskAsync(shop, checks, suspects, cancellationToken);
            suspects = SuspectsOf(open);
            if (position == last || round == _options.MaxRounds)
                break;
            last = position;
            await progress.SaveSometimesAsync(cancellationToken);
            await Task.Delay(RoundDelay, time, cancellationToken);
        }
        return suspects.Count == 0 ? [] : Consequences.Remove(open, shop);
    }

    private async Task<List<AuditFinding>> AskAsync(
        AuditedShop shop, AuditChecks checks, IReadOnlyList<AuditSuspect> suspects, CancellationToken cancellationToken)
    {
        var findings = new List<AuditFinding>();
        foreach (var ofTarget in suspects.GroupBy(suspect => suspect.Target, suspect => suspect.Id))
        {
            if (shop.Find(ofTarget.Key) is { } target)
            {
                var entries = (await target.FindAsync(ofTarget, cancellationToken)).Values;
                findings.AddRange(await checks.CheckAsync(target, entries, cancellationToken));
            }
            else if (folds.FirstOrDefault(fold => StepOf(fold) == ofTarget.Key) is { } fold)
            {
                var store = $"reporting/{fold.Name}";
                findings.AddRange((await fold.CheckAsync(ofTarget.ToList(), cancellationToken)).Wrong.Select(document =>
                    new AuditFinding(store, fold.Name, document.Id, document.State)
                    {
                        Detail = "fold",
                        RepairAt = document.State == AuditStates.Orphan ? null : ofTarget.Key,
                        Source = (ofTarget.Key, document.Id),
                    }));
            }
        }
        return findings;
    }

    private static List<AuditSuspect> SuspectsOf(IEnumerable<AuditFinding> findings) =>
        [.. findings.Select(finding => new AuditSuspect(finding.Source.Target, finding.Source.Id)).Distinct()];

    private static long? EventsOf(AuditedShop shop) => shop.Find("reporting/events")?.Collection.Estimate;

    private static bool IsTransient(Exception exception) =>
        DocumentStoreErrors.IsTransient(exception) || exception is HttpRequestException or TimeoutException or TaskCanceledException
            or Confluent.Kafka.KafkaException or Polly.ExecutionRejectedException;
}
