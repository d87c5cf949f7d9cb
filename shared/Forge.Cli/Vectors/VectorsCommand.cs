using System.CommandLine;

namespace ForgeShop.Forge.Cli;

/// <summary><c>forge vectors FILE...</c></summary>
internal static class VectorsCommand
{
    public static Command Create(ToolConsole console, VectorSorts sorts)
    {
        var files = new Argument<string[]>(
            "FILE") { Arity = ArgumentArity.OneOrMore, Description = "Vector files, told apart by their shape (vectors/README.md)." };
        var command = new Command("vectors", "Checks vector files against the library.") { files };
        command.SetAction(result => Run(result.GetValue(files)!, new VectorFile(sorts), console));
        return command;
    }

    private static int Run(string[] files, VectorFile vectors, ToolConsole console)
    {
        var (passed, failed, unusable) = (0, 0, 0);
        foreach (var file in files)
        {
            try
            {
                foreach (var vector in vectors.Check(file))
                {
                    if (vector.Failure is null)
                    {
                        passed++;
                        continue;
                    }
                    failed++;
                    console.Output.WriteLine(ToolConsole.OneLine($"{Path.GetFileName(file)}: {vector.Name}: {vector.Failure}"));
                }
            }
            catch (UnusableException problem)
            {
                unusable++;
                console.Complain($"{Path.GetFileName(file)}: {problem.Message}");
            }
        }
        console.Output.WriteLine($"{passed} passed, {failed} failed");
        return unusable > 0 ? ForgeTool.Unusable : failed > 0 ? ForgeTool.Failed : ForgeTool.Done;
    }
}
