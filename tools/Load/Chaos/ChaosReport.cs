using System.Globalization;
using Spectre.Console;

namespace ForgeShop.Load.Chaos;

/// <summary>A figure from the stores beside the expected one.</summary>
internal sealed record Finding(string What, decimal Expected, decimal Found)
{
    public bool Agrees => Expected == Found;
}

internal sealed class ChaosReport(IAnsiConsole console, RunStatistics statistics, TopicWatcher watcher)
{
    private const int UnexpectedShown = 10;

    /// <returns>Whether nothing was lost or duplicated.</returns>
    public bool Print(bool settled, IReadOnlyList<Finding> findings)
    {
        var table = new Table().RoundedBorder().Title("Reconciliation of the stores").AddColumns("figure", "expected", "found", "");
        foreach (var finding in findings)
            table.AddRow(Markup.Escape(finding.What), Amount(finding.Expected), Amount(finding.Found), finding.Agrees ? "✓" : "✗");
        console.WriteLine();
        console.Write(table);

        var byCount = statistics.KillsOf.OrderByDescending(kill => kill.Value).ThenBy(kill => kill.Key);
        var kills = string.Join(", ", byCount.Select(kill => $"{kill.Key} {kill.Value}"));
        console.WriteLine($"orders accepted: {statistics.Placed}; retried requests: {statistics.Resent}");
        console.WriteLine($"kills: {statistics.Kills} ({kills})");
        console.WriteLine(
            $"duplicates: {watcher.Duplicates} copies of {watcher.Events} events on the topics; "
            + "the figures agree only if consumers drop them");
        var (resource, after) = statistics.WorstRecovery;
        console.WriteLine($"longest recovery: {after.TotalSeconds:0.0} s ({resource}), from the kill until healthy again");
        foreach (var unexpected in statistics.UnexpectedResponses.Take(UnexpectedShown))
            console.WriteLine("unexpected: " + unexpected);

        var clean = settled && statistics.UnexpectedResponses.IsEmpty && findings.All(finding => finding.Agrees);
        var (open, mismatches) =
            (settled ? "" : "some orders are neither confirmed nor cancelled; ", findings.Count(finding => !finding.Agrees));
        console.WriteLine(clean
            ? "clean: every accepted order is confirmed or cancelled, nothing was lost or duplicated"
            : $"NOT clean: {open}{mismatches} findings disagree, {statistics.UnexpectedResponses.Count} responses were unexpected");
        return clean;
    }

    private static string Amount(decimal value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
