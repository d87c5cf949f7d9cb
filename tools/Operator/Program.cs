using System.CommandLine;
using System.Globalization;
using ForgeShop.Client;
using ForgeShop.Operator;
using ForgeShop.Operator.Audit;
using ForgeShop.Operator.Customers;
using ForgeShop.Operator.DeadLetters;
using ForgeShop.Operator.Demo;
using Spectre.Console;

var root = new RootCommand("Drives a running ForgeShop.");
var demo = new Command(
    "demo", "Places three orders, follows them to their ends, and compares their IDs, derived here beforehand, with every store.");
demo.SetAction((_, cancellationToken) => Run(async () =>
{
    var shop = RunningShop.Find();
    return await new DemoRun(shop, Terminal()).RunAsync(cancellationToken) ? 0 : 1;
}));
root.Add(demo);
root.Add(DeadLetterCommand());
root.Add(OutboxCommand());
root.Add(CustomersCommand());
root.Add(AuditCommand());
root.Add(FindCommand());

var parsed = root.Parse(args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync();
await Console.Error.WriteLineAsync($"forge: {parsed.Errors[0].Message.TrimEnd('.')}; ./forge help shows how it is used");
return 2;

static Command DeadLetterCommand()
{
    var dlq = new Command("dlq", "Messages that a service could not handle.");
    var topic = new Argument<string>("TOPIC") { Description = "The topic of the messages, for example order.events." };
    var optional = new Argument<string?>("EVENT")
    { Description = "The event's ID, or partition:offset of a message that is not an event.", Arity = ArgumentArity.ZeroOrOne };
    var required = new Argument<string>("EVENT") { Description = optional.Description };
    var all = new Option<bool>("--all") { Description = "Shows the settled ones, too." };
    var reason = new Option<string>("--reason") { Description = "Why the message is not to be handled.", Required = true };

    var list = new Command("list", "Shows the open dead letters.") { topic, optional, all };
    list.SetAction((parsed, cancellationToken) => Run(() =>
        DeadLetters().ListAsync(parsed.GetRequiredValue(topic), parsed.GetValue(optional), parsed.GetValue(all), cancellationToken)));
    var retry = new Command("retry", "Publishes the messages again, each for the group that could not handle it.") { topic, optional };
    retry.SetAction((parsed, cancellationToken) => Run(() =>
        DeadLetters().RetryAsync(parsed.GetRequiredValue(topic), parsed.GetValue(optional), cancellationToken)));
    var discard = new Command("discard", "Settles a dead letter without handling its message.") { topic, required, reason };
    discard.SetAction((parsed, cancellationToken) => Run(() =>
        DeadLetters()
            .DiscardAsync(
            parsed.GetRequiredValue(topic), parsed.GetRequiredValue(required), parsed.GetRequiredValue(reason), cancellationToken)));
    dlq.Add(list);
    dlq.Add(retry);
    dlq.Add(discard);
    return dlq;

    static DeadLetterCommands DeadLetters() => new(RunningShop.Find().Stores.Kafka, Console.Out, TimeProvider.System);
}

static Command OutboxCommand()
{
    var outbox = new Command("outbox", "What a service has published.");
    var service = new Argument<string>("SERVICE") { Description = "The service, for example orders." };
    var since = new Option<string>("--since") { Description = "2026-11-21T08:00:00Z, or how long ago: 90s, 30m, 2h, 7d.", Required = true };
    var replay = new Command("replay", "Publishes again what happened since then; consumers drop what they had.") { service, since };
    replay.SetAction((parsed, cancellationToken) => Run(() =>
        OutboxReplay.RunAsync(
            RunningShop.Find(), parsed.GetRequiredValue(service), parsed.GetRequiredValue(since), Console.Out, cancellationToken)));
    outbox.Add(replay);
    return outbox;
}

static Command CustomersCommand()
{
    var rate = new Option<double>("--rate") { Description = "Orders a minute, at most 600.", DefaultValueFactory = _ => 12 };
    rate.Validators.Add(result =>
    {
        // Reads the text, because a value of another type has no number.
        if (result.Tokens is [var token]
            && !(double.TryParse(token.Value, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= 600))
            result.AddError("--rate is more than 0 and at most 600");
    });
    var customers = new Command("customers", "Places a small, steady stream of orders until it is stopped.") { rate };
    customers.SetAction((parsed, cancellationToken) => Run(async () =>
    {
        // An AppHost passes the address; otherwise the address is that of the clone's running shop.
        var gateway = Environment.GetEnvironmentVariable("services__gateway__http__0") ?? RunningShop.Find().Gateway;
        await new CustomerStream(new Uri(gateway), parsed.GetValue(rate), Console.Out, TimeProvider.System).RunAsync(cancellationToken);
        return 0;
    }));
    return customers;
}

static Command AuditCommand()
{
    var repair = new Option<bool>("--repair") { Description = "Lets the owners repair what they can; money and stock are only reported." };
    var entity = new Option<string?>("--entity") { Description = "Checks one entity of this type, for example orders." };
    var key = new Option<string[]>("--key")
    { Description = "Its natural key: ada@example.com, or user=... and reference=..., one option each." };
    var audit = new Command("audit", "Derives every ID again and compares it in every store.") { repair, entity, key };
    audit.Validators.Add(result =>
    {
        if (result.GetValue(entity) is null != result.GetValue(key) is not { Length: > 0 })
            result.AddError("--entity and --key belong together");
        else if (result.GetValue(entity) is not null && result.GetValue(repair))
            result.AddError("--repair is for a sweep, without --entity");
    });
    audit.SetAction((parsed, cancellationToken) => Run(() =>
    {
        var commands = new AuditCommands(RunningShop.Find(), Terminal(), TimeProvider.System);
        return parsed.GetValue(entity) is { } type
            ? commands.EntityAsync(type, parsed.GetValue(key)!, cancellationToken)
            : commands.SweepAsync(parsed.GetValue(repair), cancellationToken);
    }));
    return audit;
}

static Command FindCommand()
{
    var key = new Argument<string[]>("KEY")
    { Description = "An e-mail address, a SKU, or user=... reference=...", Arity = ArgumentArity.OneOrMore };
    var find = new Command("find", "Derives an ID from a natural key and shows everything that carries it.") { key };
    find.SetAction((parsed, cancellationToken) => Run(() =>
        new AuditCommands(RunningShop.Find(), Terminal(), TimeProvider.System).FindAsync(parsed.GetRequiredValue(key), cancellationToken)));
    return find;
}

// A file or a pipe has no width and gets no colours.
static IAnsiConsole Terminal()
{
    if (Console.IsOutputRedirected)
    {
        AnsiConsole.Profile.Width = 160;
        AnsiConsole.Profile.Capabilities.Ansi = false;
    }

    return AnsiConsole.Console;
}

// An error that the caller can correct is one line and exit code 2; other exceptions are defects and are printed in full.
static async Task<int> Run(Func<Task<int>> command)
{
    try
    {
        return await command();
    }
    catch (Exception error) when (error is OperatorException or ShopException or HttpRequestException)
    {
        await Console.Error.WriteLineAsync("forge: " + error.Message);
        return 2;
    }
}
