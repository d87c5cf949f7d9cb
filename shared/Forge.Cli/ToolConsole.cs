namespace ForgeShop.Forge.Cli;

/// <summary>What a command reads and writes.</summary>
internal sealed class ToolConsole(Stream input, TextWriter output, TextWriter error)
{
    public Stream Input => input;

    public TextWriter Output => output;

    /// <summary>One line on the error stream, whatever the message is made of.</summary>
    public void Complain(string message)
    {
        output.Flush();
        error.WriteLine("forge: " + OneLine(message));
    }

    /// <summary>Text from a file as part of a line: without control characters, and not endless.</summary>
    public static string OneLine(string text)
    {
        const int limit = 300;
        var shortened = text.Length > limit ? string.Concat(text.AsSpan(0, limit), "...") : text;
        return string.Create(shortened.Length, shortened, static (line, text) =>
        {
            for (var i = 0; i < text.Length; i++) line[i] = char.IsControl(text[i]) || char.IsSurrogate(text[i]) ? '?' : text[i];
        });
    }
}
