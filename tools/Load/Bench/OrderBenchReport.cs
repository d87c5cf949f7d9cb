using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ForgeShop.Benchmarks;
using Spectre.Console;

namespace ForgeShop.Load.Bench;

/// <summary>What <c>./forge bench orders</c> found out.</summary>
/// <param name="Machine">Where it was measured.</param>
/// <param name="MeasuredAt">When, in UTC.</param>
/// <param name="Clients">So many at the same time, where it is not one at a time.</param>
/// <param name="Orders">So many were placed in all, and each of them was confirmed.</param>
/// <param name="RequestsSentAgain">So many requests had no answer at first; their time includes the pauses.</param>
/// <param name="Results">One row a way, of the middle round.</param>
/// <param name="Titles">What the ways are called in the table.</param>
internal sealed record OrderBenchReport(
    Machine Machine, DateTimeOffset MeasuredAt, int Clients, int Orders, int RequestsSentAgain, IReadOnlyList<Measured> Results,
    [property: JsonIgnore] IReadOnlyList<(string BenchmarkScenario, string Title)> Titles)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public void Print(IAnsiConsole console)
    {
        var baselines = Results.Where(result => result.Baseline is null).Select(result => result.BenchmarkScenario).ToList();
        var table = new Table().RoundedBorder().Title($"{Clients} clients, each waits for its answer before it asks again");
        table.AddColumn("what").AddColumns(Right("a second"), Right("median"), Right("95 %"), Right("99 %"), Right("in the time of"));
        foreach (var result in Results)
        {
            var title = Titles.Single(title => title.BenchmarkScenario == result.BenchmarkScenario).Title;
            table.AddRow(
                result.Baseline is null ? $"{Letter(result.BenchmarkScenario)}: {title}" : title, Number(result.PerSecond), Milliseconds(result.MedianMilliseconds),
                Milliseconds(result.P95Milliseconds), Milliseconds(result.P99Milliseconds), result.Ratio is { } ratio ? $"{Number(1 / ratio)} {Letter(result.Baseline!)}" : "");
        }

        console.Write(table);
        console.WriteLine($"{Orders} orders were placed, and every one was confirmed; requests sent again: {RequestsSentAgain}");

        char Letter(string baseline) => (char)('A' + baselines.IndexOf(baseline));
    }

    private static TableColumn Right(string header) => new TableColumn(header).RightAligned();

    private static string Milliseconds(double? value) => value is { } known ? Number(known) + " ms" : "";

    // Three digits say as much as was measured.
    private static string Number(double value) => value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : value >= 1 ? "0.00" : "0.000", CultureInfo.InvariantCulture);
}
