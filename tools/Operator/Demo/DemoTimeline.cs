using System.Text.Json;
using Spectre.Console;

namespace ForgeShop.Operator.Demo;

/// <summary>The events of an order in their order, from Reporting.</summary>
internal static class DemoTimeline
{
    public static void Print(IAnsiConsole console, DemoOrder order, IReadOnlyList<JsonElement> events)
    {
        var table = new Table().Border(TableBorder.Simple).Title($"[bold]{Markup.Escape(order.Title)}[/] [dim]{order.Id}[/]");
        table.AddColumn(new TableColumn("ms").RightAligned());
        table.AddColumns("service", "event", "ID of the event");
        var start = events[0].GetProperty("time").GetDateTimeOffset();
        foreach (var @event in events)
        {
            var after = @event.GetProperty("time").GetDateTimeOffset() - start;
            table.AddRow(
                $"{after.TotalMilliseconds:0}", Markup.Escape(@event.GetProperty("service").GetString()!),
                Markup.Escape(@event.GetProperty("type").GetString()!), @event.GetProperty("id").GetString()!);
        }

        console.Write(table);
    }
}
