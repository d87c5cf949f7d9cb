using System.Globalization;
using Spectre.Console;

namespace ForgeShop.Load.Chaos;

/// <summary>What one book says, beside what it has to say.</summary>
internal sealed record Finding(string What, decimal Expected, decimal Found)
{
    public bool Agrees => Expected == Found;
}

internal sealed class ChaosReport(IAnsiConsole console, RunStatistics statistics, TopicWatcher watcher)
{
    private const int UnexpectedShown = 10;

    /// <returns>Whether nothing was lost and nothing doubled.</returns>
    public bool Print(bool settled, IReadOnlyList<Finding> findings)
    {
        var table = new Table().RoundedBorder().Title("The reconciliation").AddColumns("what", "expected", "found", "");
        foreach (var finding in findings)
            table.AddRow(Markup.Escape(finding.What), Amount(finding.Expected), Amount(finding.Found), finding.Agrees ? "✓" : "✗");
        console.WriteLine();
        console.Write(table);

        var victims = string.Join(", ", statistics.KillsOf.OrderByDescending(kill => kill.Value).ThenBy(kill => kill.Key).Select(kill => $"{kill.Key} {kill.Value}"));
        console.WriteLine($"orders accepted: {statistics.Placed}; requests sent again: {statistics.Resent}");
        console.WriteLine($"kills: {statistics.Kills} ({victims})");
        console.WriteLine($"duplicates: {watcher.Duplicates} copies of {watcher.Events} events seen on the topics; every consumer dropped them, or the reconciliation above would not balance");
        console.WriteLine($"worst recovery: {statistics.WorstRecovery.After.TotalSeconds:0.0} s ({statistics.WorstRecovery.Victim}), from the kill until healthy again");
        foreach (var unexpected in statistics.UnexpectedResponses.Take(UnexpectedShown))
            console.WriteLine("unexpected: " + unexpected);

        var clean = settled && statistics.UnexpectedResponses.IsEmpty && findings.All(finding => finding.Agrees);
        console.WriteLine(clean
            ? "clean: every accepted order came to its end, nothing was lost, nothing doubled"
            : $"NOT clean: {(settled ? "" : "not every order came to its end; ")}{findings.Count(finding => !finding.Agrees)} findings disagree, {statistics.UnexpectedResponses.Count} answers were unexpected");
        return clean;
    }

    private static string Amount(decimal value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
