using System.CommandLine;
using System.CommandLine.Parsing;

namespace ForgeShop.Forge.Cli;

/// <summary>
/// The command line. Exit codes: 0 done, 1 a vector failed, 2 the command or its input is invalid (with one line on the error stream).
/// </summary>
public static class ForgeTool
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Unusable = 2;

    /// <summary>Runs one command line in this process with these streams.</summary>
    public static int Run(IReadOnlyList<string> arguments, Stream input, TextWriter output, TextWriter error) =>
        Run(arguments, input, output, error, VectorSorts.Forge);

    internal static int Run(IReadOnlyList<string> arguments, Stream input, TextWriter output, TextWriter error, VectorSorts sorts)
    {
        var console = new ToolConsole(input, output, error);
        var root = new RootCommand("Forge: deterministic, name-based IDs (docs/forge-id.md).") { IdCommand.Create(console),
            VectorsCommand.Create(console, sorts) };
        root.Directives.Clear();
        // Without response files, because a key may begin with '@'.
        var result = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        try
        {
            if (result.Errors.Count > 0) throw new UnusableException(Complaint(result));
            RefuseMisspeltOptions(result);
            return result.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception problem) when (problem is UnusableException or ForgeException)
        {
            console.Complain(problem.Message);
            return Unusable;
        }
        finally
        {
            output.Flush();
        }
    }

    // The messages of the parser repeat the input, which may be a key. These contain only names that the tool declares.
    private static string Complaint(ParseResult result)
    {
        if (result.UnmatchedTokens.Count > 0) return "there is no such command or option; forge --help lists them";
        return result.Errors[0].SymbolResult switch
        {
            OptionResult { Option: var option } when option.ValueType == typeof(bool) || option.Arity.MaximumNumberOfValues == 0 =>
                $"{option.Name} takes no value",
            OptionResult { Option: var option } => $"{option.Name} takes one value, and once",
            ArgumentResult { Argument: var argument } => $"{argument.Name} is missing or cannot be used; see forge --help",
            _ => "the command is incomplete; see forge --help",
        };
    }

    // Otherwise 'forge id products --josn' would derive the ID of a product called --JOSN.
    private static void RefuseMisspeltOptions(ParseResult result)
    {
        foreach (var token in result.Tokens.TakeWhile(token => token.Type is not TokenType.DoubleDash))
        {
            if (token.Type is TokenType.Argument && token.Value.StartsWith('-'))
            {
                throw new UnusableException("there is no such option; put keys that begin with '-' after '--'");
            }
        }
    }
}

/// <summary>The command or its input is invalid; the message is the line for the error stream.</summary>
public sealed class UnusableException(string message) : Exception(message);
