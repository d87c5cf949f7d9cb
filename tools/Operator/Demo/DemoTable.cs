using Spectre.Console;

namespace ForgeShop.Operator.Demo;

/// <summary>The table: a column for each store, a row for each entity. Each ID found is compared with the derived one.</summary>
internal static class DemoTable
{
    private static readonly string[] AllStores = ["PostgreSQL", "Redis", "Documents", "Kafka", RecommendationsStoredIds.Store];

    /// <summary>
    /// The minimum width for cells with places. In narrower tables a cell only counts; the places are listed below the table.
    /// </summary>
    private const int WideEnoughForPlaces = 150;

    public static bool Print(IAnsiConsole console, DemoStory story, IReadOnlyList<StoredId> storedIds)
    {
        // Without Node.js, the shop runs without Recommendations.
        string[] stores = [.. AllStores.Where(store => storedIds.Any(seen => seen.Store == store))];
        var wide = console.Profile.Width >= WideEnoughForPlaces;
        var table = new Table().Border(TableBorder.Rounded).ShowRowSeparators().Title("The same IDs in every store");
        table.AddColumn(new TableColumn("entity and the ID derived here, beforehand").NoWrap());
        foreach (var store in stores)
            table.AddColumn(store);
        foreach (var entity in story.Entities)
        {
            var first = $"[bold]{entity.Name}[/] [dim]({entity.NaturalKey})[/]\n{entity.Id}";
            table.AddRow(
                [first, .. stores.Select(store =>
                    Cell(entity, [.. storedIds.Where(seen => seen.Entity == entity.Name && seen.Store == store)], wide))]);
        }

        console.Write(table);
        console.WriteLine();
        foreach (var entity in story.Entities)
        {
            console.MarkupLineInterpolated($"[bold]{entity.Name}[/]: {entity.Derivation}");
            if (!wide)
                console.MarkupLineInterpolated(
                    $"  [dim]{string.Join(", ", storedIds.Where(seen => seen.Entity == entity.Name).Select(seen => seen.Place))}[/]");
        }

        console.WriteLine();

        var wrong = storedIds.Count(seen => !Matches(story, seen));
        console.MarkupLine(wrong == 0
            ? $"[green]all match[/]: {storedIds.Count} places in {stores.Length} stores hold the {story.Entities.Count} IDs "
                + "that were derived before the shop was called"
            : $"[red]{wrong} of {storedIds.Count} places do not match[/]");
        return wrong == 0;
    }

    private static string Cell(DemoEntity entity, IReadOnlyList<StoredId> storedIds, bool wide) =>
        !wide && storedIds.Count > 0 && storedIds.All(seen => seen.Found == entity.Id)
        ? $"[green]✓[/] {storedIds.Count}×"
        : string.Join('\n', storedIds.Select(seen =>
        seen.Found == entity.Id ? $"[green]✓[/] {Markup.Escape(seen.Place)}"
        : seen.Found is { } other ? $"[red]✗ {Markup.Escape(seen.Place)}: {other}[/]"
        : $"[red]✗ {Markup.Escape(seen.Place)}: nothing there[/]"));

    private static bool Matches(DemoStory story, StoredId seen) =>
        story.Entities.Single(entity => entity.Name == seen.Entity).Id == seen.Found;
}
