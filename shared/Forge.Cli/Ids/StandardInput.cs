namespace ForgeShop.Forge.Cli;

/// <summary>Reads the input as lines of bytes, so that invalid UTF-8 is refused and not replaced.</summary>
internal static class StandardInput
{
    private const int LongestLine = 1 << 20;

    /// <summary>Reads lines that end with LF or CRLF; the last one may have no end. Flushes answers before each wait.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Lines(ToolConsole console)
    {
        var buffer = new byte[1 << 16];
        var (start, end) = (0, 0);
        while (true)
        {
            var lineEnd = Array.IndexOf(buffer, (byte)'\n', start, end - start);
            if (lineEnd >= 0)
            {
                yield return WithoutCarriageReturn(buffer.AsMemory(start..lineEnd));
                start = lineEnd + 1;
                continue;
            }
            buffer.AsSpan(start..end).CopyTo(buffer);
            (start, end) = (0, end - start);
            if (end > LongestLine) throw new UnusableException("a line of the input is longer than a mebibyte");
            if (end == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            console.Output.Flush();
            var read = console.Input.Read(buffer.AsSpan(end));
            if (read == 0) break;
            end += read;
        }
        if (end > 0) yield return WithoutCarriageReturn(buffer.AsMemory(..end));
    }

    private static ReadOnlyMemory<byte> WithoutCarriageReturn(ReadOnlyMemory<byte> line) => line.Span.EndsWith("\r"u8) ? line[..^1] : line;
}
