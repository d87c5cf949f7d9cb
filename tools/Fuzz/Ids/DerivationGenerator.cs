using System.Text;

namespace ForgeShop.Fuzz.Ids;

/// <summary>
/// Random derivations, about half of them valid: usual, unusual and hostile keys. The same seed gives the
/// same derivations, so that a difference can be looked at again.
/// </summary>
public sealed class DerivationGenerator(int seed)
{
    private static readonly string[] Kinds = ["email", "sku", "text", "int", "dec", "bool", "uuid", "ts3", "ts6"];

    // Every class of characters that some language's trim, case folding, digits or JSON treats in a way of its own.
    private static readonly string[] Odd =
    [
        " ", "\t", "\n", "\r", "\v", "\f", "\u001c", "\0", "\u007f", "\u0085", "\u00a0", "\u00ad", "\u1680", "\u180e", "\u2007", "\u200b",
        "\u200d", "\u200e", "\u2028", "\u202f", "\u2060", "\u3000", "\ufeff", "\ufffe", "\ufdd0", "\ud800", "\udc00", "\ud83d\ude00",
        "\ud83f\udfff", "\u0130", "\u0131", "\u212a", "ß", "é", "e\u0301", "\u0660", "\uff11", "|", "\"", "\\", "/", "'", "`", "<", "{",
        "+", "-", "0x", "%", "=", ":",
    ];

    // Of int, sku, entity types and fields, of email and domains, of text.
    private static readonly int[] Limits = [38, 64, 254, 1024];

    private readonly Random _random = new(seed);

    public Derivation Next()
    {
        var algorithm = Pick("v5", "v5", "v5", "v8-sha256", "v8-hmac-sha256");
        var secret = algorithm == "v8-hmac-sha256" ? Chance(20) ? "short" : "0123456789abcdef" + Text(4) : null;
        var domain = Chance(20) ? Mutated("forgeshop.example") : Pick("forgeshop.example", "Shop.Example", "a", "x-1.y");
        var entity = Chance(20) ? Mutated("users") : Pick("users", "orders", "a.b_c-d", "z9");
        return new(algorithm, domain, entity, secret, Chance(2) ? Value(0) : new RecordNode(Fields(1)));
    }

    private List<(string, KeyNode)> Fields(int depth)
    {
        var names = Enumerable.Range(0, _random.Next(1, 5))
            .Select(_ => Chance(25) ? Mutated("field") : Pick("a", "b", "user", "reference", "a_b", "a1", "aa")).ToList();
        return [.. (Chance(15) ? names : names.Distinct()).Select(name => (name, Value(depth)))];
    }

    private KeyNode Value(int depth)
    {
        if (depth > 0 && Chance(6))
            return new RecordNode(Chance(20) ? [] : Fields(depth + 1));
        if (depth > 0 && Chance(60))
            return _random.Next(3) switch { 0 => new NullNode(), 1 => new ValueNode("text", null), _ => new ValueNode("date", "a") };
        if (depth == 1 && Chance(60))
            return Nested(_random.Next(6, 9), depth + 1);
        if (depth > 0 && Chance(8))
            return new ListNode([.. Enumerable.Range(0, _random.Next(0, 4)).Select(_ => Value(depth + 1))]);
        var kind = Pick(Kinds);
        return new ValueNode(Chance(60) ? Mutated(kind) : kind, Of(kind));
    }

    /// <summary>Around the limit of eight levels, the outer record included.</summary>
    private KeyNode Nested(int levels, int depth) =>
        levels == 0 ? Value(depth)
        : Chance(2) ? new ListNode([Nested(levels - 1, depth)])
        : new RecordNode([("a", Nested(levels - 1, depth))]);

    private string Of(string kind)
    {
        var valid = kind switch
        {
            "email" => $"{Pick("Ada", "o'brien+tag", "a.b", "x")}{_random.Next(100)}@{Pick("Example.COM", "b", "sub.example.co")}",
            "sku" => Pick("sku-", "ABC/", "x~") + _random.Next(1000),
            "text" => Text(_random.Next(1, 12)),
            "int" => Pick("", "-") + Digits(_random.Next(1, 41)),
            "dec" => Pick("", "-") + Pick("0", "00", "12", Digits(_random.Next(1, 30)))
                + Pick("", ".0", ".50", "." + Digits(_random.Next(1, 30))),
            "bool" => Pick("true", "false"),
            "uuid" => Chance(2) ? RandomId().ToString() : RandomId().ToString().ToUpperInvariant(),
            _ => Time(),
        };
        return Chance(3) ? Mutated(valid) : valid;
    }

    private string Time()
    {
        var date = $"{Pick("2024", "0001", "9999", "1999", "0000")}-{_random.Next(1, 13):00}-{_random.Next(1, 32):00}";
        var clock = $"{_random.Next(0, 25):00}:{_random.Next(0, 60):00}:{_random.Next(0, 61):00}";
        var fraction = Pick("", "", ".5", ".123", ".123000", ".123456", "." + Digits(_random.Next(1, 11)));
        return $"{date}T{clock}{fraction}{Pick("Z", "Z", "z", "+01:00", "-05:30", "+14:00", "-14:00", "+14:01", "-00:00", "")}";
    }

    private string Text(int length)
    {
        var text = new StringBuilder();
        for (var index = 0; index < length; index++)
            text.Append(Chance(12) ? Pick(Odd) : Pick("a", "Z", "7", "-", "é", "日", "😀", " ", "."));
        return text.ToString();
    }

    private string Mutated(string valid)
    {
        var at = _random.Next(valid.Length + 1);
        return _random.Next(5) switch
        {
            0 => valid.Insert(at, Pick(Odd)),
            1 when at < valid.Length => valid.Remove(at, 1),
            2 => Pick(Odd) + valid + Pick(Odd),
            3 => valid.Insert(at, AroundALimit()),
            _ => Chance(10) ? string.Concat(Enumerable.Repeat(valid + "x", 400)) : valid + Pick(Odd),
        };
    }

    /// <summary>Beyond ASCII, and about as long as something may be: too long by bytes, code points or UTF-16 units only.</summary>
    private string AroundALimit()
    {
        var limit = Limits[_random.Next(Limits.Length)];
        return string.Concat(Enumerable.Repeat(Pick("é", "日", "😀"), _random.Next(limit / 4, limit + 2)));
    }

    private string Digits(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + _random.Next(10))));

    private Guid RandomId()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private string Pick(params ReadOnlySpan<string> from) => from[_random.Next(from.Length)];
}
