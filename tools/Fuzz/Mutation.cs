namespace ForgeShop.Fuzz;

/// <summary>One change that makes a request odd.</summary>
internal sealed record Mutation(string Name, Func<RawRequest, RawRequest> Apply)
{
    /// <summary>Returns a mutation that changes the same request in the same way, however often it is applied.</summary>
    public static Mutation Any(Random random)
    {
        var seed = random.Next();
        return new(Draw(new Random(seed)).Name, request => Draw(new Random(seed)).Apply(request));
    }

    private static readonly string[] Names = ["limit", "cursor", "search", "id", "email", "from", "key", "userId"];
    private static readonly string[] Methods =
        ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "G\u00cbT"];

    private static Mutation Draw(Random random) => random.Next(19) switch
    {
        0 => Target("another path segment", random, OddValues.Paths, (target, value) => ReplaceSegment(target, random.Next(), value)),
        1 => Target("a further path segment", random, OddValues.Paths, (target, value) => Path(target) + "/" + value),
        2 => Target("a query value", random, OddValues.Queries, (target, value) => WithQuery(target, One(random, Names), value)),
        3 => Target("the target's form", random, OddValues.Targets, (_, value) => value),
        4 or 5 or 6 => Header(random),
        7 => new("a header twice", request =>
            request with { Headers = [.. request.Headers, .. request.Headers.Skip(random.Next(3)).Take(1)] }),
        8 => new("no headers", request => request with { Headers = [] }),
        9 => new("many headers", request =>
            request with { Headers = [.. request.Headers, .. Enumerable.Range(0, 120).Select(number => $"X-Flood-{number}: 1")] }),
        10 => Body("a value of the body", One(random, OddValues.Json), (body, value) => ReplaceValue(body, random.Next(), value)),
        11 => Body("the whole body", One(random, OddValues.Json), (_, value) => value),
        12 => Body("a deep body", OddValues.Deep(random.Next(1, 20_000)), (_, value) => value),
        13 => Body("a body cut off", "", (body, _) => body[..(body.Length / 2)]),
        14 => Body("an unknown member", "", (body, _) => body.StartsWith('{') ? "{\"unknown\":1," + body[1..] : body),
        15 => Body("10,000 items", OddValues.Items(random.Next(2) == 0 ? 1_500 : 10_000), (_, value) => value),
        16 => Method(One(random, Methods)),
        17 => new("HTTP/1.0 or another version", request =>
            request with { Version = One(random, "HTTP/1.0", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.1 ") }),
        _ => random.Next(3) switch
        {
            0 => new("pipelined", request => request with { IsPipelined = true }),
            1 => new("a slow body", request => request with { Pause = TimeSpan.FromMilliseconds(200) }),
            _ => Body("a chunked body", "", (body, _) => $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        },
    };

    private static Mutation Method(string method) => new($"method {method}", request => request with { Method = method });

    private static Mutation Header(Random random)
    {
        var line = One(random, OddValues.Headers);
        var name = line.Split(':')[0] + ":";
        var replaces = random.Next(2) == 0;
        return new($"header {name}", request => request with
        {
            Headers = [.. request.Headers.Where(known => !replaces || !known.StartsWith(name, StringComparison.OrdinalIgnoreCase)), line],
        });
    }

    private static Mutation Target(string name, Random random, string[] values, Func<string, string, string> change)
    {
        var value = One(random, values);
        return new(name, request => request with { Target = change(request.Target, value) });
    }

    private static Mutation Body(string name, string value, Func<string, string, string> change, params string[] headers) =>
        new(name, request => request with { Body = change(request.Body, value), Headers = [.. request.Headers, .. headers] });

    private static string WithQuery(string target, string name, string value) =>
        $"{target}{(target.Contains('?') ? '&' : '?')}{name}={value}";

    private static string Path(string target) => target.Split('?')[0];

    private static string ReplaceSegment(string target, int number, string value)
    {
        var segments = Path(target).Split('/');
        segments[segments.Length == 1 ? 0 : 1 + (number % (segments.Length - 1))] = value;
        return string.Join('/', segments);
    }

    /// <summary>Puts a value behind one of the colons of a JSON object.</summary>
    private static string ReplaceValue(string body, int number, string value)
    {
        var colons = Enumerable.Range(0, body.Length).Where(index => body[index] == ':').ToList();
        if (colons.Count == 0)
            return value;
        var start = colons[number % colons.Count] + 1;
        var end = start;
        for (var (depth, quoted) = (0, false); end < body.Length; end++)
        {
            var c = body[end];
            if (c == '"' && body[end - 1] != '\\')
                quoted = !quoted;
            else if (!quoted && depth == 0 && c is ',' or '}' or ']')
                break;
            else if (!quoted)
                depth += c is '{' or '[' ? 1 : c is '}' or ']' ? -1 : 0;
        }

        return body[..start] + value + body[end..];
    }

    private static string One(Random random, params string[] values) => values[random.Next(values.Length)];
}
