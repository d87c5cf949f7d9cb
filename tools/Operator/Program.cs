using System.CommandLine;
using ForgeShop.Operator;
using ForgeShop.Operator.Demo;
using Spectre.Console;

var root = new RootCommand("Drives a running ForgeShop.");
var demo = new Command("demo", "Places one order and compares its IDs, derived here beforehand, with every store.");
demo.SetAction((_, cancellationToken) => Run(async () =>
{
    var shop = RunningShop.Find();
    return await new DemoRun(shop, Terminal()).RunAsync(cancellationToken) ? 0 : 1;
}));
root.Add(demo);

return await root.Parse(args).InvokeAsync();

// A file or a pipe has no width of its own and wants no colours.
static IAnsiConsole Terminal()
{
    if (Console.IsOutputRedirected)
    {
        AnsiConsole.Profile.Width = 160;
        AnsiConsole.Profile.Capabilities.Ansi = false;
    }

    return AnsiConsole.Console;
}

// What the caller can mend is one line and exit code 2; everything else is a defect and shows itself in full.
static async Task<int> Run(Func<Task<int>> command)
{
    try
    {
        return await command();
    }
    catch (OperatorException error)
    {
        await Console.Error.WriteLineAsync("forge: " + error.Message);
        return 2;
    }
}
