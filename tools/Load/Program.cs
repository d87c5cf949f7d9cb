using System.CommandLine;
using System.CommandLine.Parsing;
using ForgeShop.Load.Bench;
using ForgeShop.Load.Chaos;
using Spectre.Console;

var root = new RootCommand("Starts a shop of its own and puts load on it.") { ChaosCommand(), BenchCommand() };
var parsed = root.Parse(args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync();
await Console.Error.WriteLineAsync($"forge: {parsed.CommandResult.Command.Name}: {parsed.Errors[0].Message}");
return 2;

static Command ChaosCommand()
{
    var minutes = new Option<double>("--minutes") { Description = "How long to break things.", DefaultValueFactory = _ => 2 };
    var rate = new Option<double>("--rate") { Description = "Orders a second.", DefaultValueFactory = _ => 5 };
    var seed = new Option<int?>("--seed") { Description = "Chooses victims and orders; the same seed chooses the same." };
    minutes.Validators.Add(result => Within(result, minutes, 0.1, 600));
    rate.Validators.Add(result => Within(result, rate, 0.1, 100));

    var chaos = new Command("chaos", "Places orders while it kills processes, and checks that nothing is lost and nothing doubled.") { minutes, rate, seed };
    chaos.SetAction((options, cancellationToken) => Run(
        "NOT clean: ", "nothing was checked",
        () => new ChaosRun(
            Terminal(Console.Out, Console.IsOutputRedirected), TimeSpan.FromMinutes(options.GetValue(minutes)), options.GetValue(rate),
            options.GetValue(seed) ?? Random.Shared.Next(1_000_000)).RunAsync(cancellationToken),
        cancellationToken));
    return chaos;
}

static Command BenchCommand()
{
    var json = new Option<string?>("--json")
    {
        Description = "Writes the numbers to this file, or prints them in place of the table.", Arity = ArgumentArity.ZeroOrOne, HelpName = "FILE",
    };
    json.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<string?>() is { } file && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
            result.AddError($"there is no folder for {file}");
    });

    var bench = new Command("bench", "Measures what the shop does in a second beside what its servers do without it.") { json };
    bench.SetAction((options, cancellationToken) => Run("", "nothing was measured", () => BenchAsync(options, json, cancellationToken), cancellationToken));
    return bench;
}

// Whoever wants JSON on standard output gets nothing else there.
static async Task<bool> BenchAsync(ParseResult options, Option<string?> json, CancellationToken cancellationToken)
{
    var (wanted, file) = (options.GetResult(json) is not null, options.GetValue(json));
    var terminal = wanted && file is null ? Terminal(Console.Error, Console.IsErrorRedirected) : Terminal(Console.Out, Console.IsOutputRedirected);
    if (await new OrderBench(terminal).RunAsync(cancellationToken) is not { } report)
        return false;
    report.Print(terminal);
    if (file is not null)
        await File.WriteAllTextAsync(file, report.ToJson() + "\n", cancellationToken);
    else if (wanted)
        Console.WriteLine(report.ToJson());
    return true;
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
        await Console.Error.WriteLineAsync("forge: stopped before the end; " + undone);
        return 2;
    }
}

// A file or a pipe has no width of its own and wants no colours.
static IAnsiConsole Terminal(TextWriter writer, bool redirected)
{
    var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer), Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect });
    if (redirected)
        console.Profile.Width = 160;
    return console;
}

static void Within(OptionResult result, Option<double> option, double least, double most)
{
    if (result.GetValueOrDefault<double>() is var value && (value < least || value > most))
        result.AddError($"{option.Name} is from {least} to {most}");
}
