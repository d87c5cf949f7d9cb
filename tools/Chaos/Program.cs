using System.CommandLine;
using ForgeShop.Chaos;
using Spectre.Console;

var minutes = new Option<double>("--minutes") { Description = "How long to break things.", DefaultValueFactory = _ => 2 };
var rate = new Option<double>("--rate") { Description = "Orders a second.", DefaultValueFactory = _ => 5 };
var seed = new Option<int?>("--seed") { Description = "Chooses victims and orders; the same seed chooses the same." };
minutes.Validators.Add(result => Within(result, minutes, 0.1, 600));
rate.Validators.Add(result => Within(result, rate, 0.1, 100));

var chaos = new RootCommand("Starts a shop of its own, places orders, kills processes, and checks that nothing is lost and nothing doubled.") { minutes, rate, seed };
chaos.SetAction(async (options, cancellationToken) =>
{
    // A file or a pipe has no width of its own and wants no colours.
    if (Console.IsOutputRedirected)
    {
        AnsiConsole.Profile.Width = 160;
        AnsiConsole.Profile.Capabilities.Ansi = false;
    }

    var run = new ChaosRun(AnsiConsole.Console, TimeSpan.FromMinutes(options.GetValue(minutes)), options.GetValue(rate), options.GetValue(seed) ?? Random.Shared.Next(1_000_000));
    try
    {
        return await run.RunAsync(cancellationToken) ? 0 : 1;
    }
    catch (TimeoutException error)
    {
        Console.WriteLine("NOT clean: " + error.Message);
        return 1;
    }
    catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
    {
        await Console.Error.WriteLineAsync("forge: stopped before the end; nothing was checked");
        return 2;
    }
});

var parsed = chaos.Parse(args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync();
await Console.Error.WriteLineAsync("forge: chaos: " + parsed.Errors[0].Message);
return 2;

static void Within(System.CommandLine.Parsing.OptionResult result, Option<double> option, double least, double most)
{
    if (result.GetValueOrDefault<double>() is var value && (value < least || value > most))
        result.AddError($"{option.Name} is from {least} to {most}");
}
