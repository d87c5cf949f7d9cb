using System.CommandLine;

namespace ForgeShop.Forge.Cli;

/// <summary><c>forge id TYPE KEY...</c></summary>
internal static class IdCommand
{
    public static Command Create(ToolConsole console)
    {
        var type = new Argument<string>("TYPE") { Description = "The entity type, as the catalogue names it: users, products, orders ..." };
        var key = new Argument<string[]>(
            "KEY") { Arity = ArgumentArity.ZeroOrMore, Description = "The key: one value, or field=value for each field of a record." };
        var json = new Option<bool>("--json") { Description = "One JSON object an ID, with everything that led to it." };
        var algorithm = new Option<string?>("--algorithm") { Description = "v5 (the default), v8-sha256 or v8-hmac-sha256." };
        var secret = new Option<string?>(
            "--secret-env") { Description = "The environment variable that holds the secret of v8-hmac-sha256." };
        var domain = new Option<string?>("--domain") { Description = "Another domain than the catalogue's." };
        var catalogue = new Option<string?>("--catalogue") { Description = "Another catalogue than the shop's: a JSON file." };
        var explain = new Option<bool>("--explain") { Description = "Print every step; the ID is the last line." };
        var stdin = new Option<bool>(
            "--stdin") { Description =
            "Read many keys, one a line: a value; or field=value separated by tabs (or spaces, if there is no tab), or a JSON object, "
            + "whose strings are of the declared kinds." };
        foreach (var option in new Option[] { algorithm, secret, domain, catalogue }) option.AllowMultipleArgumentsPerToken = false;

        var command = new Command("id", "Derives the ID of an entity from its natural key.") { type, key, json, algorithm, secret, domain,
            catalogue, explain, stdin };
        command.SetAction(result =>
        {
            var entity = Entity(result.GetValue(type)!, result.GetValue(catalogue), result.GetValue(domain), result.GetValue(algorithm),
                result.GetValue(secret));
            IIdReport report = (result.GetValue(json), result.GetValue(explain)) switch
            {
                (true, _) => new JsonReport(entity),
                (false, true) => new Explanation(entity),
                _ => new BareReport(entity),
            };
            if (result.GetValue(stdin)) DeriveLines(entity, report, result.GetValue(key)!, console);
            else report.Write(KeyInput.FromArguments(entity, result.GetValue(key)!), console.Output);
            return ForgeTool.Done;
        });
        return command;
    }

    private static EntityNamespace Entity(
        string type, string? catalogueFile, string? domainName, string? algorithmName, string? secretVariable)
    {
        var catalogue = Catalogue(catalogueFile);
        if (!catalogue.TryGet(type, out var entity))
        {
            throw new UnusableException(
                $"there is no such entity type; the catalogue has {string.Join(", ", catalogue.Types.Select(known => known.Name))}");
        }
        // As in the shop's configuration: a secret alone selects HMAC.
        var algorithm = secretVariable is null ? ForgeAlgorithm.V5 : ForgeAlgorithm.V8HmacSha256;
        if (algorithmName is not null && !ForgeAlgorithms.TryParse(algorithmName, out algorithm))
        {
            throw new UnusableException("--algorithm is none of v5, v8-sha256 and v8-hmac-sha256");
        }
        if (algorithm is ForgeAlgorithm.V8HmacSha256 && secretVariable is null) throw new UnusableException(
            "v8-hmac-sha256 needs a secret: name its environment variable with --secret-env");
        var secret = secretVariable is null ? null : Environment.GetEnvironmentVariable(secretVariable)
            ?? throw new UnusableException("the environment variable that --secret-env names is not set");
        return new ForgeDomain(domainName ?? catalogue.Domain, algorithm, secret).Entity(entity);
    }

    private static EntityCatalogue Catalogue(string? path)
    {
        try
        {
            if (path is not null) return EntityCatalogue.Parse(File.ReadAllBytes(path));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UnusableException("the catalogue file cannot be read");
        }
        using var embedded = typeof(IdCommand).Assembly.GetManifestResourceStream("catalogue.json")!;
        var json = new byte[embedded.Length];
        embedded.ReadExactly(json);
        return EntityCatalogue.Parse(json);
    }

    private static void DeriveLines(EntityNamespace entity, IIdReport report, string[] arguments, ToolConsole console)
    {
        if (arguments.Length > 0) throw new UnusableException("with --stdin the keys come from the input, not from the command line");
        var number = 0;
        foreach (var line in StandardInput.Lines(console))
        {
            number++;
            try
            {
                report.Write(KeyInput.FromLine(entity, line), console.Output);
            }
            catch (Exception problem) when (problem is UnusableException or ForgeException)
            {
                throw new UnusableException($"line {number}: {problem.Message}");
            }
        }
    }
}
