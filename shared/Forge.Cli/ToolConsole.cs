namespace ForgeShop.Forge.Cli;

/// <summary>The streams of a command.</summary>
internal sealed class ToolConsole(Stream input, TextWriter output, TextWriter error)
{
    public Stream Input => input;

    public TextWriter Output => output;

    /// <summary>Writes one line to the error stream, also if the message has line breaks.</summary>
    public void Complain(string message)
    {
        output.Flush();
        error.WriteLine("forge: " + OneLine(message));
    }

    /// <summary>Returns text from a file as part of a line: without control characters, and shortened.</summary>
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
