using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ForgeShop.Benchmarks;
using Spectre.Console;

namespace ForgeShop.Load.Bench;

/// <summary>The result of <c>./forge bench orders</c>.</summary>
/// <param name="Machine">The machine and its software.</param>
/// <param name="MeasuredAt">The time of the measurement, in UTC.</param>
/// <param name="Servers">native or containers.</param>
/// <param name="Clients">The number of concurrent clients.</param>
/// <param name="Orders">The number of orders that were placed and confirmed.</param>
/// <param name="RequestsSentAgain">The number of retried requests; their latency includes the backoff.</param>
/// <param name="Results">The median round of each scenario.</param>
/// <param name="Pipelines">The median round of each pipeline.</param>
/// <param name="MessageRates">The median round of each batch size.</param>
/// <param name="StatementsPerOrder">The SQL statements an order, by database.</param>
/// <param name="ProcessorTimePerOrder">The processor time an order, by process.</param>
/// <param name="IdleStatementsPerSecond">The SQL statements a second of a shop without requests.</param>
/// <param name="Memory">The memory of the idle services.</param>
/// <param name="StoredOrders">The rounds with stored orders, if there were any.</param>
/// <param name="Titles">The scenarios' names in the table.</param>
internal sealed record OrderBenchReport(
    Machine Machine, DateTimeOffset MeasuredAt, string Servers, int Clients, int Orders, int RequestsSentAgain,
    IReadOnlyList<Measurement> Results,
    IReadOnlyList<PipelineMeasurement> Pipelines, IReadOnlyList<MessageRate> MessageRates, IReadOnlyList<StatementCount> StatementsPerOrder,
    IReadOnlyList<ProcessorTime> ProcessorTimePerOrder, double IdleStatementsPerSecond, IReadOnlyList<ServiceMemory> Memory,
    StoredOrdersResult? StoredOrders,
    [property: JsonIgnore] IReadOnlyList<(string Scenario, string Title)> Titles)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private static readonly Dictionary<string, string> PipelineTitles = new()
    {
        ["messaging"] = "this project, handlers with EF Core",
        ["wolverine"] = "Wolverine, durable inbox",
        ["wolverine-batched"] = "Wolverine, BatchMessagesOf",
    };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public void Print(IAnsiConsole console)
    {
        PrintScenarios(console);
        PrintPipelines(console);
        PrintMessageRates(console);
        PrintStatements(console);
        PrintProcessorTimes(console);
        PrintMemory(console);
        if (StoredOrders is not null)
            PrintStoredOrders(console, StoredOrders);
        console.WriteLine(
            $"{Orders} orders were placed, every one was confirmed, and the stores reconcile; retried requests: {RequestsSentAgain}");
    }

    private void PrintScenarios(IAnsiConsole console)
    {
        var baselines = Results.Where(result => result.Baseline is null).Select(result => result.Scenario).ToList();
        var table = Table(
            $"{Clients} clients in a closed loop, {Servers} servers", "operation", "ops/s", "median", "95 %", "99 %", "x baseline");
        foreach (var result in Results)
        {
            var title = Titles.Single(title => title.Scenario == result.Scenario).Title;
            table.AddRow(
                result.Baseline is null ? $"{Letter(result.Scenario)}: {title}" : title, Number(result.PerSecond),
                Milliseconds(result.MedianMilliseconds),
                Milliseconds(result.P95Milliseconds), Milliseconds(result.P99Milliseconds),
                result.TimesBaseline is { } times ? $"{Number(times)} {Letter(result.Baseline!)}" : "");
        }

        console.Write(table);

        char Letter(string baseline) => (char)('A' + baselines.IndexOf(baseline));
    }

    private void PrintPipelines(IAnsiConsole console)
    {
        var table = Table(
            "Pipelines: orders of 8 messages, without HTTP", "pipeline", "orders/s", "x C", "CPU an order", "SQL an order",
            "one order alone");
        foreach (var result in Pipelines)
        {
            table.AddRow(
                PipelineTitles[result.Pipeline], Number(result.OrdersPerSecond), Number(result.TimesBaseline),
                Milliseconds(result.CpuMilliseconds),
                Number(result.Statements), Milliseconds(result.AloneMilliseconds));
        }

        console.Write(table);
    }

    private void PrintMessageRates(IAnsiConsole console)
    {
        var table = Table("From outbox to inbox: one producer, one consumer", "batch size", "messages/s");
        foreach (var rate in MessageRates)
            table.AddRow(rate.BatchSize.ToString(CultureInfo.InvariantCulture), Number(rate.PerSecond));
        console.Write(table);
    }

    private void PrintStatements(IAnsiConsole console)
    {
        var table = Table("SQL statements an order", "database", "statements", "BEGIN, COMMIT", "DISCARD, RESET", "in all");
        foreach (var count in StatementsPerOrder.Append(StatementsPerOrder.Aggregate(new StatementCount("all", 0, 0, 0), (a, b) => a + b)))
        {
            table.AddRow(
                count.Database, Number(count.Statements - count.Transactions - count.Resets), Number(count.Transactions),
                Number(count.Resets),
                Number(count.Statements));
        }

        console.Write(table);
        console.WriteLine($"Idle, the shop executes {Number(IdleStatementsPerSecond)} statements a second.");
        if (Servers == "containers")
            console.WriteLine("MongoDB's operations are not counted.");
    }

    private void PrintProcessorTimes(IAnsiConsole console)
    {
        var table = Table("Processor time an order, from its request until all services are done", "process", "ms of one core");
        foreach (var time in ProcessorTimePerOrder.Append(new("all", ProcessorTimePerOrder.Sum(time => time.Milliseconds))))
            table.AddRow(time.Resource, Number(time.Milliseconds));
        console.Write(table);
    }

    private void PrintMemory(IAnsiConsole console)
    {
        var table = Table("Memory of an idle service", "service", "proportional", "private");
        foreach (var memory in Memory)
            table.AddRow(memory.Service, MiB(memory.Proportional), MiB(memory.Private));
        console.Write(table);

        static string MiB(double? value) => value is { } known ? $"{known:0} MiB" : "not available: no /proc";
    }

    private void PrintStoredOrders(IAnsiConsole console, StoredOrdersResult stored)
    {
        var table = Table($"With {stored.Orders} stored orders, loaded in {stored.LoadSeconds:0} s", "operation",
            "ops/s", "x baseline", "throughput against empty");
        foreach (var result in stored.Results.Where(result => result.Baseline is not null))
        {
            table.AddRow(
                Titles.Single(title => title.Scenario == result.Scenario).Title, Number(result.PerSecond),
                Number(result.TimesBaseline!.Value),
                Number(stored.AgainstEmpty[result.Scenario]));
        }

        console.Write(table);
    }

    private static Table Table(string title, string first, params string[] columns) => new Table().RoundedBorder().Title(title)
        .AddColumn(first).AddColumns([.. columns.Select(column => new TableColumn(column).RightAligned())]);

    private static string Milliseconds(double? value) => value is { } known ? Number(known) + " ms" : "";

    /// <summary>Three significant digits are as exact as the measurement.</summary>
    private static string Number(double value) =>
        value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : value >= 1 ? "0.00" : "0.000", CultureInfo.InvariantCulture);
}
