using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>
/// Checks every store of the shop while it works: pages through each collection, collects what is wrong at first sight, and asks that again
/// when what was in flight has arrived. Progress and cursors are stored, so any replica continues after a kill.
/// </summary>
internal sealed class AuditSweep(
    AuditedServices services, AuditInquiry inquiry, AuditRepairer repairer, IEnumerable<IReadModelFold> folds, EventLog log,
    AuditPace pace, ForgeIds ids, IOptions<AuditOptions> options, ReportingMetrics metrics, TimeProvider time)
{
    private const int MaxRepairPasses = 3;

    /// <summary>A fold reads the log once for each range of documents, so large shops compare orders with their owner only.</summary>
    private const long MaxEventsToFoldOrders = 50_000;

    /// <summary>The collections that are read at a time, and the pages of each that are checked while the next one is read.</summary>
    private const int StepsInFlight = 3, PagesInFlight = 2;

    private readonly AuditOptions _options = options.Value;

    /// <summary>Checks what the run has not checked yet, and stores its progress and its report.</summary>
    public async Task RunAsync(AuditProgress progress, CancellationToken cancellationToken)
    {
        var shop = await services.DescribeAsync(cancellationToken);
        // An hour less than the retention, because rows are deleted while the sweep runs.
        var checks = new AuditChecks(shop, ids, log, progress.Run.StartedAt - _options.OutboxRetention + TimeSpan.FromHours(1));
        await progress.SaveAsync(progress.Run with { Estimate = shop.Estimate, Error = null }, cancellationToken);

        List<Step> steps =
        [
            // The longest one is the first, so that it does not run alone at the end.
            new("reporting/folds", (cursor, token) => FoldAsync(shop, cursor, token)),
            .. shop.Targets.Select(target => new Step(target.Name, (cursor, token) => CheckAsync(target, checks, cursor, token))),
        ];
        // Several collections at a time, because each one mostly waits for answers; their pages are added to the report one by one.
        using var turn = new SemaphoreSlim(1);
        await Parallel.ForEachAsync(
            steps.Where(step => !progress.Run.Done.Contains(step.Name)),
            new ParallelOptions { MaxDegreeOfParallelism = StepsInFlight, CancellationToken = cancellationToken }, ReadAsync);

        await SettleAsync(progress, shop, checks, cancellationToken);
        var now = time.GetUtcNow();
        var status = progress.Run.Wrong == progress.Run.Repaired ? AuditStatus.Consistent : AuditStatus.Inconsistent;
        await progress.SaveAsync(progress.Run with { Status = status, FinishedAt = now }, cancellationToken);
        metrics.Swept(now - progress.Run.StartedAt);

        async ValueTask ReadAsync(Step step, CancellationToken token)
        {
            await foreach (var page in step.Read(progress.Run.Cursors.GetValueOrDefault(step.Name), token))
            {
                await turn.WaitAsync(token);
                try
                {
                    Add(progress, step.Name, page);
                    if (progress.Run.Suspects.Count > _options.MaxSuspects)
                        await SettleAsync(progress, shop, checks, token);
                    await progress.SaveSometimesAsync(token);
                    await pace.PauseAsync(page.Checked.Sum(store => store.Checked), token);
                }
                finally
                {
                    turn.Release();
                }
            }
        }
    }

    private void Add(AuditProgress progress, string step, StepPage page)
    {
        foreach (var (store, count) in page.Checked)
        {
            metrics.Checked(store, count);
            progress.Run = progress.Run.Count(store, count);
        }
        var cursors = progress.Run.Cursors.Where(cursor => cursor.Key != step);
        progress.Run = progress.Run with
        {
            Cursors = (page.Next is null ? cursors : cursors.Append(new(step, page.Next))).ToDictionary(),
            Done = page.Next is null ? [.. progress.Run.Done, step] : progress.Run.Done,
            Suspects = [.. progress.Run.Suspects, .. page.Suspects.Except(progress.Run.Suspects)],
        };
    }

    private sealed record Step(string Name, Func<string?, CancellationToken, IAsyncEnumerable<StepPage>> Read);

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

        async Task<StepPage> CheckPageAsync(AuditedEntries page)
        {
            var findings = await checks.CheckAsync(target, page.Items, cancellationToken);
            return new([new(target.Name, page.Items.Count)], [.. findings.Select(finding => finding.Source).Distinct()], page.Next);
        }
    }

    /// <summary>
    /// Folds the read models again: a range of each in one pass over the log. The cursor is the next range of each read model that is not
    /// at its end, as JSON.
    /// </summary>
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
            ranges = foldings.Where(folding => folding.Next is not null)
                .ToDictionary(folding => folding.ReadModel.Name, folding => folding.Next);
            yield return new(
                foldings.ConvertAll(folding => new StoreCount(folding.ReadModel.Step, folding.Count)),
                [.. foldings.SelectMany(folding => folding.Findings()).Select(finding => finding.Source)],
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
}
