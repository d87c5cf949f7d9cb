using System.Text;

namespace ForgeShop.Fuzz;

/// <summary>A request byte for byte. A character of its text is a byte (Latin-1), so that it can be anything.</summary>
/// <param name="Method">The method, as it is sent.</param>
/// <param name="Target">The path and the query, as they are sent.</param>
/// <param name="Version">The version of HTTP.</param>
/// <param name="Headers">The header lines without their line ends.</param>
/// <param name="Body">The body; its length is sent in a header unless one of the headers says otherwise.</param>
public sealed record RawRequest(string Method, string Target, string Version, IReadOnlyList<string> Headers, string Body)
{
    /// <summary>Gets the time before the last half of the body is sent.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>Gets a value indicating whether the same request follows at once on the same connection.</summary>
    public bool IsPipelined { get; init; }

    public bool HasHeader(string name) => Headers.Any(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase));

    public byte[] ToBytes(bool isLast)
    {
        var head = new StringBuilder($"{Method} {Target} {Version}\r\n");
        foreach (var line in Headers)
            head.Append(line).Append("\r\n");
        if (!HasHeader("Host"))
            head.Append("Host: shop\r\n");
        if (isLast)
            head.Append("Connection: close\r\n");
        if (!HasHeader("Content-Length") && !HasHeader("Transfer-Encoding") && (Body.Length > 0 || Method is "POST" or "PUT" or "PATCH"))
            head.Append("Content-Length: ").Append(Body.Length).Append("\r\n");
        return Encoding.Latin1.GetBytes(head.Append("\r\n").Append(Body).ToString());
    }

    /// <summary>Returns the request for printf, with the access token left out.</summary>
    public override string ToString()
    {
        var text = Encoding.Latin1.GetString((this with { Headers = [.. Headers.Select(Masked)] }).ToBytes(isLast: true));
        var escaped = new StringBuilder();
        foreach (var c in text.Length > 3000 ? text[..3000] : text)
            escaped.Append(Escaped(c));
        var notes = (Pause > TimeSpan.Zero ? $"  (a pause of {Pause.TotalMilliseconds:0} ms within the body)" : "")
            + (IsPipelined ? "  (twice at once)" : "");
        return $"printf '{escaped}'{(text.Length > 3000 ? $" … {text.Length} bytes" : "")}{notes}";
    }

    private static string Escaped(char c) => c switch
    {
        '\\' => "\\\\",
        '%' => "%%",
        '\r' => "\\r",
        '\n' => "\\n",
        '\'' => "'\\''",
        < ' ' or > '~' => $"\\x{(int)c:x2}",
        _ => $"{c}",
    };

    private static string Masked(string line) =>
        line.StartsWith("Authorization: Bearer ey", StringComparison.Ordinal) ? "Authorization: Bearer $TOKEN" : line;
}
