using System.Text.Json;
using Spectre.Console;

namespace ForgeShop.Operator.Audit;

/// <summary>Prints reports of the audit.</summary>
internal static class AuditTable
{
    public static Table Progress(JsonElement report)
    {
        var table = new Table().Border(TableBorder.Rounded).Title($"Audit: {report.GetProperty("state").GetString()}");
        table.AddColumn("store").AddColumn(new TableColumn("checked").RightAligned());
        foreach (var store in report.GetProperty("stores").EnumerateArray())
            table.AddRow(Markup.Escape(store.GetProperty("store").GetString()!), $"{store.GetProperty("checked").GetInt64():N0}");
        var end = report.GetProperty("estimatedEnd").GetString() is { } time ? $", estimated end {time}" : "";
        return table.Caption(
            $"{report.GetProperty("checked").GetInt64():N0} checked, {report.GetProperty("wrong").GetInt64():N0} wrong, "
            + $"{report.GetProperty("repaired").GetInt64():N0} repaired{end}");
    }

    public static void PrintSummary(IAnsiConsole console, JsonElement report)
    {
        var findings = report.GetProperty("findings").EnumerateArray().ToList();
        if (findings.Count > 0)
        {
            var table = new Table().Border(TableBorder.Rounded).Title("Findings");
            table.AddColumn("store").AddColumn("state").AddColumn("entity").AddColumn("ID").AddColumn("detail").AddColumn("");
            foreach (var finding in findings)
                table.AddRow(
                    Text(finding, "store"), Text(finding, "state"), Text(finding, "entityType"), Text(finding, "id"),
                    Text(finding, "detail"), finding.GetProperty("isRepaired").GetBoolean() ? "[green]repaired[/]" : "[red]wrong[/]");
            console.Write(table);
        }
        if (report.GetProperty("error").GetString() is { } error)
            console.MarkupLineInterpolated($"[red]{error}[/]");
        var (wrong, repaired) = (report.GetProperty("wrong").GetInt64(), report.GetProperty("repaired").GetInt64());
        console.MarkupLine(report.GetProperty("state").GetString() switch
        {
            "consistent" when wrong == 0 => $"[green]consistent[/]: {report.GetProperty("checked").GetInt64():N0} entries agree",
            "consistent" => $"[green]consistent[/]: {repaired:N0} findings repaired",
            var state => $"[red]{state}[/]: {wrong - repaired:N0} of {wrong:N0} findings are not repaired",
        });
    }

    public static void Print(IAnsiConsole console, JsonElement entity)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .Title($"{Text(entity, "entityType")} {Text(entity, "expectedId")}");
        table.AddColumn("store").AddColumn("entity").AddColumn("ID").AddColumn("state");
        foreach (var store in entity.GetProperty("stores").EnumerateArray())
        {
            var colour = store.GetProperty("state").GetString() == "match" ? "green" : "red";
            table.AddRow(
                Text(store, "store"), Text(store, "entityType"), Text(store, "id"),
                $"[{colour}]{Text(store, "state")}[/] {Text(store, "detail")}");
        }
        console.Write(table);
    }

    public static void PrintEvents(IAnsiConsole console, JsonElement entity)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("Events");
        table.AddColumn("time").AddColumn("event").AddColumn("ID").AddColumn("Kafka").AddColumn("trace").AddColumn("stores");
        foreach (var recorded in entity.GetProperty("events").EnumerateArray())
            table.AddRow(
                Text(recorded, "time"), Text(recorded, "type"), Text(recorded, "id"), Text(recorded, "position"), Text(recorded, "traceId"),
                string.Join('\n', recorded.GetProperty("stores").EnumerateArray().Select(store => Markup.Escape(store.GetString()!))));
        console.Write(table);
    }

    private static string Text(JsonElement of, string member) => Markup.Escape(of.GetProperty(member).GetString() ?? "");
}
