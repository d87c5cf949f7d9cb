using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace ForgeShop.Forge.Tests;

public sealed class KindTests
{
    private static readonly ForgeDomain Domain = new("forgeshop.example");
    private static readonly Dictionary<KeyKind, EntityNamespace> Entities = Inputs.Kinds.ToDictionary(
        kind => kind, kind => Domain.Entity("things", kind));

    private static string? Canonical(KeyKind kind, string input) =>
        Entities[kind].TryDerive(input, out _) ? Entities[kind].GetName(input) : null;

    private static KeyError Error(KeyKind kind, string input)
    {
        Entities[kind].TryDerive(input, out var id, out var error).ShouldBeFalse();
        id.ShouldBe(Guid.Empty);
        return error;
    }

    [Fact]
    public void Library_agrees_with_the_model_on_every_input() => Agree(inputs: 30_000);

    [Fact(Explicit = true)]
    public void Library_agrees_with_the_model_on_2_million_inputs() => Agree(inputs: 2_000_000);

    private static void Agree(int inputs)
    {
        var accepted = 0;
        var total = 0;
        var arbitrary = (from kind in Inputs.Kind from input in Inputs.Any(kind) select (kind, input)).ToArbitrary();
        Prop.ForAll(arbitrary, pair =>
        {
            var canonical = Canonical(pair.kind, pair.input);
            total++;
            if (canonical is not null) accepted++;
            return canonical == KindModel.Canonical(pair.kind, pair.input);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(inputs));
        // Both outcomes of the rule are tested.
        accepted.ShouldBeInRange(total / 10, total * 9 / 10);
    }

    // The whole first plane and the ends of every other one, because the rule has no other boundaries.
    [Fact]
    public void Library_agrees_with_the_model_on_code_points() =>
        Judge(Enumerable.Range(0, 0x10000)
            .Concat(Enumerable.Range(1, 16)
            .SelectMany(plane => Enumerable.Range(plane * 0x10000, 32).Concat(Enumerable.Range(plane * 0x10000 + 0xFFE0, 32)))));

    [Fact(Explicit = true)]
    public void Library_agrees_with_the_model_on_every_code_point() => Judge(Enumerable.Range(0, 0x110000));

    private static void Judge(IEnumerable<int> points)
    {
        foreach (var point in points)
        {
            var text = point is >= 0xD800 and <= 0xDFFF ? ((char)point).ToString() : char.ConvertFromUtf32(point);
            var (alone, inside) = KindModel.Judge(point);
            if (Entities[KeyKind.Text].TryDerive(text, out _) != alone) Assert.Fail($"U+{point:X4}, alone");
            if (Entities[KeyKind.Text].TryDerive("a" + text + "a", out _) != inside) Assert.Fail($"U+{point:X4}, inside");
        }
    }

    [Fact]
    public void Canonical_text_is_its_own_canonical_form()
    {
        var arbitrary = (from kind in Inputs.Kind from input in Inputs.Any(kind) select (kind, input)).ToArbitrary();
        Prop.ForAll(arbitrary, pair =>
        {
            var (kind, input) = pair;
            return Canonical(kind, input) is not { } canonical || Canonical(kind, canonical) == canonical;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(10_000));
    }

    [Fact]
    public void UTF8_and_UTF16_have_the_same_ID_or_refusal()
    {
        var arbitrary = (from kind in Inputs.Kind from input in Inputs.Any(kind) select (kind, input)).ToArbitrary();
        Prop.ForAll(arbitrary, pair =>
        {
            var (kind, input) = pair;
            if (!IsWellFormed(input)) return true; // has no UTF-8 form
            var utf16 = Entities[kind].TryDerive(input, out var first, out var firstError);
            var utf8 = Entities[kind].TryDerive(Encoding.UTF8.GetBytes(input), out var second, out var secondError);
            return utf16 == utf8 && first == second && firstError == secondError;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    private static bool IsWellFormed(string input)
    {
        for (var i = 0; i < input.Length; i++)
        {
            if (!char.IsSurrogate(input[i])) continue;
            if (!char.IsHighSurrogate(input[i]) || i + 1 == input.Length || !char.IsLowSurrogate(input[i + 1])) return false;
            i++;
        }
        return true;
    }

    [Theory]
    [InlineData(KeyKind.Email, 254)]
    [InlineData(KeyKind.Sku, 64)]
    [InlineData(KeyKind.Text, 1024)]
    [InlineData(KeyKind.Int, 38)]
    [InlineData(KeyKind.Dec, 28)]
    public void Longest_value_is_accepted_and_a_longer_one_refused(KeyKind kind, int longest)
    {
        string Value(int length) => kind switch
        {
            KeyKind.Email => new string('a', length - 2) + "@b",
            KeyKind.Int or KeyKind.Dec => new string('7', length),
            _ => new string('x', length),
        };
        Canonical(kind, Value(longest)).ShouldNotBeNull();
        Error(kind, Value(longest + 1)).Refusal.ShouldBeOneOf(KeyRefusal.TooLong, KeyRefusal.TooManyDigits);
        Error(kind, Value(10_000_000)).Refusal.ShouldBeOneOf(KeyRefusal.TooLong, KeyRefusal.TooManyDigits);
        if (kind is KeyKind.Email or KeyKind.Sku) Canonical(kind, "\t" + Value(longest) + "\n")
            .ShouldNotBeNull("what is stripped does not count");
        if (kind is KeyKind.Int or KeyKind.Dec) Canonical(kind, "-" + Value(longest)).ShouldNotBeNull("the sign does not count");
    }

    [Fact]
    public void Length_is_counted_in_UTF8_bytes()
    {
        Canonical(KeyKind.Text, new string('é', 512)).ShouldNotBeNull();
        Error(KeyKind.Text, new string('é', 512) + "a").Refusal.ShouldBe(KeyRefusal.TooLong);
        Canonical(KeyKind.Text, string.Concat(Enumerable.Repeat("😀", 256))).ShouldNotBeNull();
        Error(KeyKind.Text, string.Concat(Enumerable.Repeat("😀", 256)) + "a").Refusal.ShouldBe(KeyRefusal.TooLong);
    }

    // These values have the maximum number of bytes of their kind. With one more byte the reason is the length, before other errors.
    [Theory]
    [InlineData(KeyKind.Email, "", "é", 125, "@b.c", KeyRefusal.Character, 0xE9)]
    [InlineData(KeyKind.Email, "a@", "日", 84, "", KeyRefusal.Character, 0x65E5)]
    [InlineData(KeyKind.Email, "a@@b", "é", 125, "", KeyRefusal.Character, (int)'@')]
    [InlineData(KeyKind.Sku, " ", "é", 32, "\t", KeyRefusal.Character, 0xE9)]
    [InlineData(KeyKind.Sku, "", "😀", 16, "", KeyRefusal.Character, 0x1F600)]
    [InlineData(KeyKind.Text, "\u0001x", "é", 511, "", KeyRefusal.Character, 1)]
    [InlineData(KeyKind.Text, " ", "日", 341, "", KeyRefusal.Edge, (int)' ')]
    [InlineData(KeyKind.Text, "", "😀", 254, "abcde\u3000", KeyRefusal.Edge, 0x3000)]
    [InlineData(KeyKind.Int, "", "é", 19, "", KeyRefusal.Character, 0xE9)]
    [InlineData(KeyKind.Int, "-12", "é", 18, "", KeyRefusal.Character, 0xE9)]
    [InlineData(KeyKind.Int, "-00", "é", 18, "", KeyRefusal.Form, null)]
    public void Length_error_precedes_other_errors(
        KeyKind kind, string start, string repeated, int times, string end, KeyRefusal refusal, int? codePoint)
    {
        string Long(string more) => start + string.Concat(Enumerable.Repeat(repeated, times)) + more + end;
        Error(kind, Long("")).ShouldBe(new KeyError(refusal, "things", null, kind, codePoint));
        Error(kind, Long("a")).ShouldBe(new KeyError(KeyRefusal.TooLong, "things", null, kind, null));
        Entities[kind].TryDerive(Encoding.UTF8.GetBytes(Long("a")), out _, out var inUtf8).ShouldBeFalse();
        inUtf8.ShouldBe(Error(kind, Long("a")));
    }

    [Theory]
    [InlineData("0." + "0000000000000000000000000001", "0.0000000000000000000000000001")]
    [InlineData("-0.00", "0")]
    [InlineData("0000000000000000000000000000000000000000001.50", "1.5")]
    [InlineData("10000000000000000000000000000", null)] // 29 digits: the zeros of an integer count
    [InlineData("0.00000000000000000000000000001", null)] // 29 decimals
    [InlineData("1.0000000000000000000000000001", null)] // 29 digits in all
    [InlineData("1.000000000000000000000000001", "1.000000000000000000000000001")]
    public void Decimal_loses_redundant_zeros_only(string input, string? canonical) => Canonical(KeyKind.Dec, input).ShouldBe(canonical);

    [Theory]
    [InlineData("0000-12-31T23:30:00-01:00", "0001-01-01T00:30:00.000Z")] // the years count after conversion
    [InlineData("0001-01-01T00:30:00+01:00", null)]
    [InlineData("9999-12-31T23:30:00-01:00", null)]
    [InlineData("0000-02-29T00:00:00Z", null)]
    [InlineData("1900-02-29T00:00:00Z", null)]
    [InlineData("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z")]
    [InlineData("2023-02-29T00:00:00Z", null)]
    [InlineData("2023-04-31T00:00:00Z", null)]
    [InlineData("2024-02-29T23:59:59.999000000+14:00", "2024-02-29T09:59:59.999Z")]
    [InlineData("2024-01-15T10:30:00+14:01", null)]
    [InlineData("2024-01-15T10:30:00-00:00", null)]
    [InlineData("2024-01-15T10:30:00-00:01", "2024-01-15T10:31:00.000Z")]
    [InlineData("2024-01-15t10:30:00Z", null)]
    [InlineData("2024-01-15T10:30:00z", null)]
    [InlineData("2024-01-15T10:30:00.Z", null)]
    [InlineData("2024-01-15T10:30:00.0000000000Z", null)] // ten decimals
    [InlineData("2024-01-15T10:30:00.0001Z", null)]
    [InlineData("2024-01-15T10:30Z", null)]
    [InlineData("2024-01-15T10:30:00", null)]
    public void Timestamp_is_converted_to_UTC(string input, string? canonical) => Canonical(KeyKind.Ts3, input).ShouldBe(canonical);

    [Theory]
    [InlineData(KeyKind.Email, "a\u0130@b", KeyRefusal.Character, 0x130)]
    [InlineData(KeyKind.Email, "a@b@c", KeyRefusal.Character, (int)'@')]
    [InlineData(KeyKind.Email, "a@b..c", KeyRefusal.Character, (int)'.')]
    [InlineData(KeyKind.Email, "a@b.", KeyRefusal.Form, null)]
    [InlineData(KeyKind.Email, " \t", KeyRefusal.Empty, null)]
    [InlineData(KeyKind.Email, "\u000Ea@b", KeyRefusal.Character, 0x0E)]
    [InlineData(KeyKind.Sku, "a\u000E", KeyRefusal.Character, 0x0E)]
    [InlineData(KeyKind.Sku, "a b", KeyRefusal.Character, (int)' ')]
    [InlineData(KeyKind.Text, "a\u200Bb", KeyRefusal.Character, 0x200B)]
    [InlineData(KeyKind.Text, "a\U0001FFFEb", KeyRefusal.Character, 0x1FFFE)]
    [InlineData(KeyKind.Text, "\u3000a", KeyRefusal.Edge, 0x3000)]
    [InlineData(KeyKind.Text, "a ", KeyRefusal.Edge, (int)' ')]
    [InlineData(KeyKind.Int, "1\u0661", KeyRefusal.Character, 0x661)]
    [InlineData(KeyKind.Int, "007", KeyRefusal.Form, null)]
    [InlineData(KeyKind.Int, "-", KeyRefusal.Form, null)]
    [InlineData(KeyKind.Dec, "1,5", KeyRefusal.Character, (int)',')]
    [InlineData(KeyKind.Bool, "True", KeyRefusal.Form, null)]
    [InlineData(KeyKind.Uuid, "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", KeyRefusal.Form, null)]
    [InlineData(KeyKind.Ts3, "2024-13-01T00:00:00Z", KeyRefusal.Range, null)]
    [InlineData(KeyKind.Ts3, "2016-12-31T23:59:60Z", KeyRefusal.Range, null)]
    [InlineData(KeyKind.Ts6, "2024-01-01T00:00:00.0000001Z", KeyRefusal.TooPrecise, null)]
    [InlineData(KeyKind.Ts3, "2024-01-01 00:00:00Z", KeyRefusal.Character, (int)' ')]
    public void Refusal_has_entity_kind_reason_and_code_point_and_not_the_value(
        KeyKind kind, string input, KeyRefusal refusal, int? codePoint)
    {
        var error = Error(kind, input);
        error.ShouldBe(new KeyError(refusal, "things", null, kind, codePoint));
        var thrown = Should.Throw<ForgeKeyException>(() => Entities[kind].Derive(input));
        thrown.Error.ShouldBe(error);
        thrown.Message.ShouldStartWith($"things: the key of kind {kind.ToName()} ");
        if (codePoint is { } point) thrown.Message.ShouldContain($"U+{point:X4}");
        if (input.Trim().Length > 4) thrown.Message.ShouldNotContain(input.Trim());
        thrown.Message.ShouldNotContain("\n");
    }

    // Not as data of a theory: attributes are stored as UTF-8, where a lone surrogate has no form.
    [Fact]
    public void Lone_surrogate_is_refused_and_named()
    {
        foreach (
            var (kind, input, point) in new[] { (KeyKind.Text, "a\uD83Db", 0xD83D), (KeyKind.Text, "\uDE00", 0xDE00),
            (KeyKind.Text, "a\uDE00\uD83D", 0xDE00), (KeyKind.Email, "a\uDE00@b", 0xDE00), (KeyKind.Sku, "\uD83D", 0xD83D) })
        {
            Error(kind, input).ShouldBe(new KeyError(KeyRefusal.LoneSurrogate, "things", null, kind, point));
        }
        // Three bytes each, as its place in UTF-8 would be.
        Error(KeyKind.Sku, new string('\uD83D', 21) + "a").Refusal.ShouldBe(KeyRefusal.LoneSurrogate);
        Error(KeyKind.Sku, new string('\uD83D', 21) + "ab").ShouldBe(new KeyError(KeyRefusal.TooLong, "things", null, KeyKind.Sku, null));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        foreach (var kind in Inputs.Kinds)
        {
            foreach (
                var bytes in new byte[][] { [0xFF], [0xC0, 0x80], [(byte)'a', 0xED, 0xA0, 0x80], [0xE2, 0x82],
                [(byte)'a', 0xF4, 0x90, 0x80, 0x80] })
            {
                Entities[kind].TryDerive(bytes, out _, out var error).ShouldBeFalse();
                if (kind is not KeyKind.Text) continue;
                error.Refusal.ShouldBe(KeyRefusal.InvalidUtf8);
                error.CodePoint.ShouldBeNull();
            }
        }
    }
}
