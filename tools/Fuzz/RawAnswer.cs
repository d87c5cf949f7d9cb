using System.Globalization;
using System.Text;

namespace ForgeShop.Fuzz;

/// <summary>An answer as it came: status, headers and the decoded body. Status 0: the connection ended without one.</summary>
public sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public static RawAnswer None { get; } = new(0, new Dictionary<string, string>(), []);

    public string ContentType => Headers.GetValueOrDefault("content-type", "").Split(';')[0];

    /// <summary>Reads an answer. Of a stream that lasts, the head is all.</summary>
    public static async Task<RawAnswer> ReadAsync(Stream stream, string method, CancellationToken cancellationToken)
    {
        int status;
        Dictionary<string, string> headers;
        do
        {
            if (await LineAsync(stream, cancellationToken) is not { } first)
                return None;
            status = first.Length >= 12 && first.StartsWith("HTTP/1.", StringComparison.Ordinal)
                ? int.Parse(first.AsSpan(9, 3), CultureInfo.InvariantCulture) : 0;
            headers = new(StringComparer.OrdinalIgnoreCase);
            while (await LineAsync(stream, cancellationToken) is { Length: > 0 } line)
                headers[line.Split(':', 2)[0]] = line.Split(':', 2)[^1].Trim();
        }
        while (status is 100);

        var answer = new RawAnswer(status, headers, []);
        if (method == "HEAD" || status is 204 or 304 || answer.ContentType == "text/event-stream")
            return answer;
        if (headers.GetValueOrDefault("transfer-encoding") == "chunked")
            return answer with { Body = await ChunksAsync(stream, cancellationToken) };
        if (headers.TryGetValue("content-length", out var length))
            return answer with { Body = await BytesAsync(stream, int.Parse(length, CultureInfo.InvariantCulture), cancellationToken) };
        using var rest = new MemoryStream();
        await stream.CopyToAsync(rest, cancellationToken);
        return answer with { Body = rest.ToArray() };
    }

    private static async Task<string?> LineAsync(Stream stream, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one, cancellationToken) > 0)
        {
            if (one[0] == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)one[0]);
        }

        return null;
    }

    private static async Task<byte[]> ChunksAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        while (await LineAsync(stream, cancellationToken) is { } line
            && int.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var length)
        {
            body.Write(await BytesAsync(stream, length, cancellationToken));
            await LineAsync(stream, cancellationToken);
        }

        await LineAsync(stream, cancellationToken);
        return body.ToArray();
    }

    private static async Task<byte[]> BytesAsync(Stream stream, int length, CancellationToken cancellationToken)
    {
        var bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }

    public override string ToString() => $"{Status} {ContentType} {Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 400)))}";
}
