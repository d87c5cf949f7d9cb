using System.Globalization;
using Spectre.Console;

namespace ForgeShop.Load.Chaos;

/// <summary>What one book says, beside what it has to say.</summary>
internal sealed record Finding(string What, decimal Expected, decimal Found)
{
    public bool Agrees => Expected == Found;
}

internal sealed class ChaosReport(IAnsiConsole console, Tally tally, TopicWatcher watcher)
{
    private const int SurprisesShown = 10;

    /// <returns>Whether nothing was lost and nothing doubled.</returns>
    public bool Print(bool settled, IReadOnlyList<Finding> findings)
    {
        var table = new Table().RoundedBorder().Title("The books").AddColumns("what", "expected", "found", "");
        foreach (var finding in findings)
            table.AddRow(Markup.Escape(finding.What), Amount(finding.Expected), Amount(finding.Found), finding.Agrees ? "✓" : "✗");
        console.WriteLine();
        console.Write(table);

        var victims = string.Join(", ", tally.KillsOf.OrderByDescending(kill => kill.Value).ThenBy(kill => kill.Key).Select(kill => $"{kill.Key} {kill.Value}"));
        console.WriteLine($"orders accepted: {tally.Placed}; requests sent again: {tally.Resent}");
        console.WriteLine($"kills: {tally.Kills} ({victims})");
        console.WriteLine($"duplicates: {watcher.Duplicates} copies of {watcher.Events} events seen on the topics; every consumer dropped them, or the books above would not balance");
        console.WriteLine($"worst recovery: {tally.WorstRecovery.After.TotalSeconds:0.0} s ({tally.WorstRecovery.Victim}), from the kill until healthy again");
        foreach (var surprise in tally.Surprises.Take(SurprisesShown))
            console.WriteLine("unexpected: " + surprise);

        var clean = settled && tally.Surprises.IsEmpty && findings.All(finding => finding.Agrees);
        console.WriteLine(clean
            ? "clean: every accepted order came to its end, nothing was lost, nothing doubled"
            : $"NOT clean: {(settled ? "" : "not every order came to its end; ")}{findings.Count(finding => !finding.Agrees)} findings disagree, {tally.Surprises.Count} answers were unexpected");
        return clean;
    }

    private static string Amount(decimal value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
