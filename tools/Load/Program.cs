using System.CommandLine;
using System.Globalization;
using Aspire.Hosting;
using ForgeShop.Load.Bench;
using ForgeShop.Load.Chaos;
using ForgeShop.Load.Fuzz;
using Spectre.Console;

var root = new RootCommand("Starts an isolated shop and puts load on it.") { ChaosCommand(), FuzzCommandLine(), BenchCommand() };
var parsed = root.Parse(args);
if (parsed.Errors.Count == 0) // After Ctrl-C the shop's processes and data need some time to go.
    return await parsed.InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
await Console.Error.WriteLineAsync($"forge: {parsed.CommandResult.Command.Name}: {parsed.Errors[0].Message}");
return 2;

static Command ChaosCommand()
{
    var minutes = new Option<double>("--minutes")
    { Description = "The duration of the load and of the kills.", DefaultValueFactory = _ => 2 };
    var rate = new Option<double>("--rate") { Description = "Orders a second.", DefaultValueFactory = _ => 5 };
    var seed = new Option<int?>("--seed") { Description = "Seeds the choice of orders and kills." };
    var audit = new Option<bool>("--audit") { Description = "Audits the shop during the load instead of killing processes." };
    Limit(minutes, 0.1, 600);
    Limit(rate, 0.1, 100);

    var chaos = new Command("chaos", "Places orders while processes are killed, and checks that nothing is lost or duplicated.")
    { minutes, rate, seed, audit };
    chaos.SetAction((options, cancellationToken) => Run(
        "NOT clean: ", "nothing was checked",
        () => new ChaosRun(
            Terminal(Console.Out, Console.IsOutputRedirected), TimeSpan.FromMinutes(options.GetValue(minutes)), options.GetValue(rate),
            options.GetValue(seed) ?? Random.Shared.Next(1_000_000), options.GetValue(audit)).RunAsync(cancellationToken),
        cancellationToken));
    return chaos;
}

static Command FuzzCommandLine()
{
    var minutes = new Option<double>("--minutes") { Description = "The duration.", DefaultValueFactory = _ => 2 };
    var seed = new Option<int?>("--seed") { Description = "Repeats the requests of an earlier run." };
    Limit(minutes, 0.1, 600);

    var fuzz = new Command("fuzz", "Sends odd and hostile requests, and checks every answer.") { minutes, seed };
    fuzz.Subcommands.Add(FuzzIdsCommandLine());
    fuzz.SetAction((options, cancellationToken) => Run(
        "NOT clean: ", "nothing was checked",
        () => new FuzzCommand(
            Terminal(Console.Out, Console.IsOutputRedirected), TimeSpan.FromMinutes(options.GetValue(minutes)),
            options.GetValue(seed) ?? Random.Shared.Next(1_000_000)).RunAsync(cancellationToken),
        cancellationToken));
    return fuzz;
}

static Command FuzzIdsCommandLine()
{
    var minutes = new Option<double?>("--minutes") { Description = "The longest duration; without --keys, the duration." };
    var keys = new Option<long?>("--keys") { Description = "The number of keys; without --minutes, 100,000.", HelpName = "N" };
    var seed = new Option<int?>("--seed") { Description = "Repeats the keys of an earlier run." };
    Limit(minutes, 0.1, 600);
    Limit(keys, 1, 1_000_000_000);

    var ids = new Command("ids", "Compares the IDs and refusals of all languages for random and hostile keys.") { minutes, keys, seed };
    ids.SetAction((options, cancellationToken) => Run(
        "NOT clean: ", "nothing was compared",
        () => FuzzIdsCommand.RunAsync(
            options.GetValue(keys) ?? (options.GetValue(minutes) is null ? 100_000 : long.MaxValue),
            TimeSpan.FromMinutes(options.GetValue(minutes) ?? 600), options.GetValue(seed) ?? Random.Shared.Next(1_000_000),
            cancellationToken),
        cancellationToken));
    return ids;
}

static Command BenchCommand()
{
    var json = new Option<string?>("--json")
    {
        Description = "Writes the report to this file, or prints it instead of the tables.", Arity = ArgumentArity.ZeroOrOne,
        HelpName = "FILE",
    };
    json.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<string?>() is { } file && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
            result.AddError($"there is no folder for {file}");
    });
    var wolverine = new Option<bool>("--wolverine") { Description = "Measures the same pipeline with Wolverine, too." };
    var stored = StoredOrdersOption("Loads so many orders and repeats the rounds with them.");

    var containers = new Option<bool>("--containers") { Description = "Uses real Kafka (and MongoDB) instead of the native servers." };

    var bench = new Command("bench", "Measures the throughput of an isolated shop beside that of its servers alone.")
    { json, wolverine, stored, containers };
    bench.Subcommands.Add(AuditBenchCommand());
    bench.SetAction((options, cancellationToken) => Run(
        "", "nothing was measured",
        () => BenchAsync(
            new(options.GetValue(wolverine), options.GetValue(stored), options.GetValue(containers)), options.GetResult(json) is not null,
            options.GetValue(json),
            cancellationToken),
        cancellationToken));
    return bench;
}

static Option<int> StoredOrdersOption(string description)
{
    var stored = new Option<int>("--stored-orders") { Description = description, HelpName = "N" };
    Limit(stored, 0, 10_000_000);
    return stored;
}

static Command AuditBenchCommand()
{
    var orders = new Option<int>("--orders") { Description = "The number of orders to audit.", DefaultValueFactory = _ => 2000 };
    Limit(orders, 100, 1_000_000);
    var stored = StoredOrdersOption("Loads so many orders afterwards and audits them.");
    var audit = new Command("audit", "Measures the audit, and the order throughput while it runs.") { orders, stored };
    audit.SetAction((options, cancellationToken) => Run(
        "", "nothing was measured",
        async () =>
        {
            try
            {
                var terminal = Terminal(Console.Out, Console.IsOutputRedirected);
                return await new AuditBench(terminal, options.GetValue(orders), options.GetValue(stored)).RunAsync(cancellationToken);
            }
            catch (BenchmarkFailedException failure)
            {
                await Console.Error.WriteLineAsync("forge: bench audit: " + failure.Message);
                return false;
            }
        },
        cancellationToken));
    return audit;
}

// With JSON on standard output, everything else goes to standard error.
static async Task<bool> BenchAsync(OrderBenchOptions options, bool asJson, string? file, CancellationToken cancellationToken)
{
    var terminal = asJson && file is null
        ? Terminal(Console.Error, Console.IsErrorRedirected)
        : Terminal(Console.Out, Console.IsOutputRedirected);
    try
    {
        var report = await new OrderBench(terminal, options).RunAsync(cancellationToken);
        report.Print(terminal);
        if (file is not null)
            await File.WriteAllTextAsync(file, report.ToJson() + "\n", cancellationToken);
        else if (asJson)
            Console.WriteLine(report.ToJson());
        return true;
    }
    catch (BenchmarkFailedException failure)
    {
        await Console.Error.WriteLineAsync("forge: bench orders: " + failure.Message);
        return false;
    }
}

static async Task<int> Run(string verdict, string undone, Func<Task<bool>> command, CancellationToken cancellationToken)
{
    try
    {
        return await command() ? 0 : 1;
    }
    catch (TimeoutException error)
    {
        Console.WriteLine(verdict + error.Message);
        return 1;
    }
    catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
    {
        await Console.Error.WriteLineAsync("forge: stopped early; " + undone);
        return 2;
    }
    catch (DistributedApplicationException error) // the shop did not start
    {
        await Console.Error.WriteLineAsync("forge: " + error.Message);
        return 2;
    }
}

// Files and pipes have no width and no colours.
static IAnsiConsole Terminal(TextWriter writer, bool redirected)
{
    var console = AnsiConsole.Create(
        new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect });
    if (redirected)
        console.Profile.Width = 160;
    return console;
}

// Reads the text, because a value of another type has no number.
static void Limit(Option option, double least, double most) => option.Validators.Add(result =>
{
    if (result.Tokens is [var token]
        && !(double.TryParse(token.Value, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most))
        result.AddError($"{option.Name} is from {least} to {most}");
});
