using System.Text;
using ForgeShop.Forge.Cli;

namespace ForgeShop.Forge.Tests;

/// <summary>The forge tool, run in this process.</summary>
internal sealed record Tool(int ExitCode, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public string LastLine => Lines[^1];

    public static Tool Run(params string[] arguments) => RunWith([], arguments);

    public static Tool RunWith(byte[] input, params string[] arguments)
    {
        using var stdin = new MemoryStream(input);
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var exitCode = ForgeTool.Run(arguments, stdin, output, error);
        return new Tool(exitCode, output.ToString(), error.ToString());
    }

    public static Tool RunWith(string input, params string[] arguments) => RunWith(Encoding.UTF8.GetBytes(input), arguments);

    /// <summary>Exit code 2, nothing on the output stream, exactly one line on the error stream.</summary>
    public void ShouldBeRefused(string because)
    {
        ExitCode.ShouldBe(2);
        Output.ShouldBeEmpty();
        Error.ShouldEndWith("\n");
        Error.TrimEnd('\n').ShouldNotContain("\n");
        Error.ShouldStartWith("forge: ");
        Error.ShouldContain(because);
    }
}
