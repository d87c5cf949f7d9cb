using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace ForgeShop.Forge.Tests;

public sealed class JcsTests
{
    private static string Canonical(string json) => Encoding.UTF8.GetString(Jcs.Canonicalize(Encoding.UTF8.GetBytes(json)));

    private static string Refused(string json) => Should.Throw<JcsException>(() => Canonical(json)).Code;

    // Every text with an error in jcs.json has its reason, and the library has the same.
    [Fact]
    public void Errors_are_those_of_the_vectors()
    {
        foreach (var vector in JsonNode.Parse(File.ReadAllText(Repository.Vectors("jcs.json")))!.AsArray())
        {
            var text = Encoding.UTF8.GetBytes(vector!["input"]!.GetValue<string>());
            var done = Jcs.TryCanonicalize(text, out var canonical, out var refusal);
            if (vector["error"] is { } error)
            {
                Refused(vector["input"]!.GetValue<string>()).ShouldBe(error.GetValue<string>(), vector["id"]!.GetValue<string>());
                (done, canonical, refusal?.Code).ShouldBe((false, null, error.GetValue<string>()));
            }
            else
            {
                (done, refusal).ShouldBe((true, null));
                canonical.ShouldBe(Jcs.Canonicalize(text));
            }
        }
    }

    [Fact]
    public void Tree_in_any_spelling_has_one_canonical_form() => OneForm(trees: 2_000);

    [Fact(Explicit = true)]
    public void Many_trees_in_any_spelling_have_one_canonical_form_each() => OneForm(trees: 300_000);

    private static void OneForm(int trees)
    {
        var arbitrary = Gen.Choose(0, int.MaxValue).Select(seed => (seed, tree: Tree(new Random(seed), 4))).ToArbitrary();
        Prop.ForAll(arbitrary, sample =>
        {
            var canonical = Canonical(Written(sample.tree, new Random(sample.seed)));
            return canonical == Canonical(Written(sample.tree, new Random(sample.seed + 1)))
                && canonical == Canonical(canonical)
                && SameMeaning(JsonNode.Parse(canonical), JsonNode.Parse(Written(sample.tree, new Random(7))))
                && !canonical.AsSpan().ContainsAny("\t\n\r");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(trees));
    }

    [Fact]
    public void Tampered_text_is_refused_or_parsed_without_a_crash() => Tamper(texts: 5_000);

    [Fact(Explicit = true)]
    public void Many_tampered_texts_are_refused_or_parsed_without_a_crash() => Tamper(texts: 500_000);

    private static void Tamper(int texts)
    {
        string[] scraps = ["", "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "0", "-", "1e999", ".", "null", "tru", "\u0000",
            "\t", "\uFEFF", "é", "//"];
        var arbitrary = (
            from seed in Gen.Choose(0, int.MaxValue) from scrap in Gen.Elements(scraps) from place in Gen.Choose(
            0, 1000) from cut in Gen.Choose(0, 3) select (seed, scrap, place, cut)).ToArbitrary();
        Prop.ForAll(arbitrary, sample =>
        {
            var text = Written(Tree(new Random(sample.seed), 3), new Random(sample.seed));
            var at = sample.place % (text.Length + 1);
            var tampered = string.Concat(text.AsSpan(0, at), sample.scrap, text.AsSpan(Math.Min(text.Length, at + sample.cut)));
            try
            {
                var canonical = Canonical(tampered);
                return Canonical(canonical) == canonical;
            }
            catch (JcsException refusal)
            {
                return refusal.Code.Length > 0;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(texts));
    }

    [Fact]
    public void Number_is_the_shortest_text_that_parses_back()
    {
        var random = new Random(2025);
        IEnumerable<double> Doubles()
        {
            for (var exponent = 0; exponent < 2047; exponent++)
            {
                for (var ulp = -3; ulp <= 3; ulp++) yield return BitConverter.Int64BitsToDouble(((long)exponent << 52) + ulp);
            }
            for (var i = 0; i < 30_000; i++) yield return BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            for (var i = 0; i < 10_000; i++) yield return Math.Round(random.NextDouble() * 1_000_000, 2);
        }
        foreach (var value in Doubles().Where(value => double.IsFinite(value) && value != 0))
        {
            var text = Canonical(value.ToString("E16", CultureInfo.InvariantCulture));
            if (double.Parse(text, CultureInfo.InvariantCulture) != value) Assert.Fail($"{text} is not {value:E16}");
            var digits = text.Split('e')[0].Replace("-", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal).Trim('0');
            if (digits.Length > 1
                && double.Parse(value.ToString($"E{digits.Length - 2}", CultureInfo.InvariantCulture),
                CultureInfo.InvariantCulture) == value) Assert.Fail($"{text} could be shorter");
            var nearest = value.ToString($"E{digits.Length - 1}", CultureInfo.InvariantCulture);
            if (double.Parse(nearest, CultureInfo.InvariantCulture) == value && nearest.Split('E')[0]
                .Replace("-", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal)
                .Trim('0') != digits) Assert.Fail($"{nearest} is nearer than {text}");
        }
    }

    [Theory]
    [InlineData(2000, -2000, "1")]
    [InlineData(2000, -1999, "10")]
    [InlineData(20000, -20000, "1")]
    public void Zeros_and_exponents_cancel_out(int zeros, int exponent, string expected) =>
        Canonical("1" + new string('0', zeros) + "e" + exponent.ToString(CultureInfo.InvariantCulture)).ShouldBe(expected);

    [Theory]
    [InlineData("1e-99999999999999999999", "0")]
    [InlineData("0e99999999999999999999", "0")]
    [InlineData("9007199254740993.0000000000000000000000000000001", "9007199254740994")]
    [InlineData("1E+0005", "100000")]
    public void Extreme_numbers_are_canonical(string json, string expected) => Canonical(json).ShouldBe(expected);

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        foreach (
            var bytes in new byte[][] { [(byte)'"', 0xFF, (byte)'"'], [(byte)'"', 0xED, 0xA0, 0x80, (byte)'"'],
            [(byte)'"', 0xC0, 0xAF, (byte)'"'] })
        {
            Should.Throw<JcsException>(() => Jcs.Canonicalize(bytes)).Code.ShouldBe("invalid-json");
        }
    }

    [Fact]
    public void Depth_is_limited_without_recursion()
    {
        string Nested(int levels) => string.Concat(Enumerable.Repeat("[", levels)) + new string(']', levels);
        Canonical(Nested(Jcs.MaxDepth)).ShouldBe(Nested(Jcs.MaxDepth));
        Refused(Nested(Jcs.MaxDepth + 1)).ShouldBe("too-deep");
        Refused(Nested(1_000_000)).ShouldBe("too-deep");
        Refused(string.Concat(Enumerable.Repeat("{\"a\":", 100_000))).ShouldBe("too-deep");
    }

    [Fact]
    public void Object_with_many_members_is_sorted_by_code_unit()
    {
        var names = Enumerable.Range(0, 50_000).Select(i => $"\"k{i * 7919 % 50_000}\":{i}").ToArray();
        var canonical = Canonical("{" + string.Join(", ", names) + "}");
        canonical.ShouldStartWith("{\"k0\":0,\"k1\":");
        Refused("{" + string.Join(",", names) + ",\"k25000\":1}").ShouldBe("duplicate-key");
    }

    [Fact]
    public void Writer_gets_the_whole_output_or_nothing()
    {
        var destination = new ArrayBufferWriter<byte>();
        Jcs.Canonicalize(" { \"b\" : 1 , \"a\" : 2 } "u8, destination);
        Encoding.UTF8.GetString(destination.WrittenSpan).ShouldBe("""{"a":2,"b":1}""");
        Should.Throw<JcsException>(() => Jcs.Canonicalize("[1,2,"u8, destination));
        destination.WrittenCount.ShouldBe(13);
    }

    // Numbers as doubles, as RFC 8785 requires.
    private static bool SameMeaning(JsonNode? left, JsonNode? right) => (left, right) switch
    {
        (JsonObject a, JsonObject b) =>
            a.Count == b.Count && a.All(member => b.TryGetPropertyValue(member.Key, out var other) && SameMeaning(member.Value, other)),
        (JsonArray a, JsonArray b) => a.Count == b.Count && a.Zip(b).All(pair => SameMeaning(pair.First, pair.Second)),
        (JsonValue a, JsonValue b) when a.GetValueKind() is JsonValueKind.Number && b.GetValueKind() is JsonValueKind.Number =>
            a.GetValue<double>() == b.GetValue<double>(),
        _ => JsonNode.DeepEquals(left, right),
    };

    private sealed record Node(object? Value);

    private static Node Tree(Random random, int depth) => random.Next(depth > 0 ? 7 : 4) switch
    {
        0 => new Node(Text(random)),
        1 => new Node(
            random.Next(3) switch { 0 => random.Next(-1000, 1000), 1 => Math.Round(random.NextDouble() * 100, 2), _ =>
            BitConverter.Int64BitsToDouble(random.NextInt64(0x7FE0_0000_0000_0000)) }),
        2 => new Node(random.Next(2) == 0),
        3 => new Node(null),
        4 or 5 =>
            new Node(Enumerable.Range(0, random.Next(5)).Select(i => (Name: i + Text(random), Node: Tree(random, depth - 1))).ToArray()),
        _ => new Node(Enumerable.Range(0, random.Next(5)).Select(_ => Tree(random, depth - 1)).ToArray()),
    };

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => random.Next(6) switch
    {
        0 => ((char)random.Next(0x20)).ToString(),
        1 => "\"",
        2 => "\\",
        3 => char.ConvertFromUtf32(random.Next(0x10000, 0x110000)),
        4 => ((char)random.Next(0x80, 0xD800)).ToString(),
        _ => ((char)random.Next(0x20, 0x7F)).ToString(),
    }));

    // The same tree in one of many spellings: order of members, spaces, escapes.
    private static string Written(Node node, Random random)
    {
        string Space() => random.Next(3) == 0 ? " \n\t\r"[random.Next(4)].ToString() : "";
        string Escaped(char c) => "\\u" + ((int)c).ToString(random.Next(2) == 0 ? "x4" : "X4", CultureInfo.InvariantCulture);
        string Quoted(string text) => "\"" + string.Concat(
            text.Select(c => c < ' ' || c is '"' or '\\' || random.Next(4) == 0 ? Escaped(c) : c.ToString())) + "\"";
        // An escaped half of a pair beside a raw half would not be the same text; a raw half alone is not even UTF-8.
        string Safe(string text) =>
            Quoted(text) is var quoted
            && text.Any(char.IsSurrogate) ? "\"" + string.Concat(text.Select(c => $"\\u{(int)c:x4}")) + "\"" : quoted;
        switch (node.Value)
        {
            case (string, Node)[] members:
                random.Shuffle(members = [.. members]);
                return "{"
                    + string.Join(",",
                    members.Select(member => $"{Space()}{Safe(member.Item1)}{Space()}:{Space()}{Written(member.Item2, random)}{Space()}"))
                    + Space() + "}";
            case Node[] items:
                return "[" + string.Join(",", items.Select(item => Space() + Written(item, random) + Space())) + Space() + "]";
            case string text:
                return Safe(text);
            case bool truth:
                return truth ? "true" : "false";
            case null:
                return "null";
            default:
                var number = Convert.ToDouble(node.Value, CultureInfo.InvariantCulture);
                return number.ToString(random.Next(2) == 0 ? "E16" : "R", CultureInfo.InvariantCulture) is var written
                    && double.Parse(written, CultureInfo.InvariantCulture) == number
                    ? written : number.ToString("E16", CultureInfo.InvariantCulture);
        }
    }
}
