using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>
/// Checks every store of the shop while it works: pages through each collection, collects what is wrong at first sight, and asks that again
/// when what was in flight has arrived. State and cursor are stored, so any replica continues after a kill.
/// </summary>
internal sealed class AuditSweep(
    AuditRuns runs, AuditedServices services, AuditInquiry inquiry, AuditRepairer repairer, IEnumerable<IReadModelFold> folds,
    EventLog log, AuditPace pace, ForgeIds ids, IOptions<AuditOptions> options, AuditMetrics metrics, TimeProvider time)
{
    private const int MaxRepairPasses = 3;

    /// <summary>A fold reads the log once for each range of documents, so large shops compare orders with their owner only.</summary>
    private const long MaxEventsToFoldOrders = 50_000;

    /// <summary>The number of pages that are checked while the next one is read.</summary>
    private const int PagesInFlight = 2;

    private readonly AuditOptions _options = options.Value;
    private readonly Guid _replica = Guid.NewGuid();

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
            await StepAsync(target.Name, cursor => CheckAsync(target, checks, cursor, cancellationToken));
        await StepAsync("reporting/folds", cursor => FoldAsync(shop, cursor, cancellationToken));

        await SettleAsync(progress, shop, checks, cancellationToken);
        var now = time.GetUtcNow();
        var status = progress.Run.Wrong == progress.Run.Repaired ? AuditStatus.Consistent : AuditStatus.Inconsistent;
        await progress.SaveAsync(
            progress.Run with { Status = status, FinishedAt = now, Step = null, Cursor = null }, cancellationToken);
        metrics.Finished(now - progress.Run.StartedAt);

        async Task StepAsync(string step, Func<string?, IAsyncEnumerable<StepPage>> read)
        {
            if (progress.Run.Done.Contains(step))
                return;
            await foreach (var page in read(progress.Run.Step == step ? progress.Run.Cursor : null))
            {
                foreach (var (store, count) in page.Checked)
                {
                    metrics.Checked(store, count);
                    progress.Run = progress.Run.Count(store, count);
                }
                progress.Run = progress.Run with
                {
                    Step = step, Cursor = page.Next, Suspects = [.. progress.Run.Suspects, .. page.Suspects.Except(progress.Run.Suspects)],
                };
                if (progress.Run.Suspects.Count > _options.MaxSuspects)
                    await SettleAsync(progress, shop, checks, cancellationToken);
                await progress.SaveSometimesAsync(cancellationToken);
                await pace.PauseAsync(page.Checked.Sum(store => store.Checked), cancellationToken);
            }
            progress.Run = progress.Run with { Done = [.. progress.Run.Done, step] };
        }
    }

    private sealed record StepPage(IReadOnlyList<StoreCount> Checked, IReadOnlyList<AuditSuspect> Suspects, string? Next);

    /// <summary>Checks the pages of a collection: while one is read, those before it are checked.</summary>
    private async IAsyncEnumerable<StepPage> CheckAsync(
        AuditTarget target, AuditChecks checks, string? cursor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var inFlight = new Queue<Task<StepPage>>();
        do
        {
            var page = await target.PageAsync(cursor, _options.PageSize, cancellationToken);
            inFlight.Enqueue(CheckPageAsync(page));
            if (inFlight.Count > PagesInFlight)
                yield return await inFlight.Dequeue();
            cursor = page.Next;
        }
        while (cursor is not null);
        while (inFlight.TryDequeue(out var checking))
            yield return await checking;

        async Task<StepPage> CheckPageAsync(AuditedEntries page) => new(
            [new(target.Name, page.Items.Count)], AuditInquiry.SuspectsOf(await checks.CheckAsync(target, page.Items, cancellationToken)), page.Next);
    }

    /// <summary>Folds the read models again: a range of each in one pass over the log.</summary>
    /// <param name="shop">The shop.</param>
    /// <param name="cursor">The next range of each read model that is not at its end, as JSON; null at the start.</param>
    /// <param name="cancellationToken">Cancels the passes.</param>
    private async IAsyncEnumerable<StepPage> FoldAsync(
        AuditedShop shop, string? cursor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isLarge = shop.Find("reporting/events")?.Collection.Estimate > MaxEventsToFoldOrders;
        var ranges = cursor is null
            ? folds.Where(fold => fold.Name != "orders" || !isLarge).ToDictionary(fold => fold.Name, _ => (string?)null)
            : JsonSerializer.Deserialize<Dictionary<string, string?>>(cursor)!;
        while (ranges.Count > 0)
        {
            var foldings = new List<IFolding>();
            foreach (var fold in folds.Where(fold => ranges.ContainsKey(fold.Name)))
                foldings.Add(await fold.OpenAsync(ranges[fold.Name], cancellationToken));
            await log.FoldAsync(foldings, cancellationToken, entries => pace.PauseAsync(entries, cancellationToken));
            var checkedRanges = foldings.ConvertAll(folding => (Store: AuditInquiry.StepOf(folding.Name), Name: folding.Name, Range: folding.Compare()));
            ranges = checkedRanges.Where(one => one.Range.Next is not null).ToDictionary(one => one.Name, one => one.Range.Next);
            yield return new(
                checkedRanges.ConvertAll(one => new StoreCount(one.Store, one.Range.Checked)),
                [.. checkedRanges.SelectMany(one => one.Range.Wrong.Select(document => new AuditSuspect(one.Store, document.Id)))],
                ranges.Count == 0 ? null : JsonSerializer.Serialize(ranges));
        }
    }

    /// <summary>Asks the suspects again, repairs what stays wrong if the run says so, and adds it to the report.</summary>
    private async Task SettleAsync(AuditProgress progress, AuditedShop shop, AuditChecks checks, CancellationToken cancellationToken)
    {
        if (progress.Run.Suspects.Count == 0)
            return;
        var open = await inquiry.AskAsync(progress, shop, checks, cancellationToken);
        var wrong = open.ToDictionary(finding => finding.Identity);
        for (var pass = 1; progress.Run.Repair && pass <= MaxRepairPasses && open.Any(finding => finding.RepairAt is not null); pass++)
        {
            if (await repairer.RepairAsync(progress.Run, shop, open, cancellationToken) == 0)
                break;
            open = await inquiry.AskAsync(progress, shop, checks, cancellationToken);
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

    private static bool IsTransient(Exception exception) =>
        DocumentStoreErrors.IsTransient(exception) || exception is HttpRequestException or TimeoutException or TaskCanceledException
            or Confluent.Kafka.KafkaException or Polly.ExecutionRejectedException;
}
