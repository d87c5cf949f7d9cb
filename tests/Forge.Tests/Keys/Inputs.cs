using FsCheck;
using FsCheck.Fluent;

namespace ForgeShop.Forge.Tests;

/// <summary>Keys for properties: valid ones, and valid ones with one change.</summary>
internal static class Inputs
{
    public static readonly KeyKind[] Kinds = Enum.GetValues<KeyKind>();

    private static readonly string[] Hostile =
    [
        "\0", "\t", "\n", "\r", "\v", "\f", " ", "\u001F", "\u007F", "\u0085", "\u00A0", "\u00AD", "\u00B2", "\u00E9", "e\u0301", "\u0130",
        "\u0131", "\u017F", "\u0661", "\u1680", "\u180E",
        "\u200A", "\u200B", "\u200C", "\u200D", "\u200E", "\u2028", "\u202E", "\u202F", "\u205F", "\u2060", "\u206A", "\u212A", "\u3000",
        "\uD800", "\uDC00", "\uE000", "\uFDD0", "\uFEFF", "\uFF10", "\uFFFB", "\uFFFD",
        "\uFFFE", "\U0001F600", "\U0001FFFE", "\U0010FFFF", "\"", "\\", "/", "<", "'", "|", "=", "@", "+", "-", ".", ",", ":", "_", "0",
        "9", "a", "Z", "e", "T",
    ];

    public static Gen<KeyKind> Kind { get; } = Gen.Elements(Kinds);

    /// <summary>A value that its kind accepts.</summary>
    public static Gen<string> Good(KeyKind kind) => kind switch
    {
        KeyKind.Email =>
            from local in Chars("abcXYZ019.!#$%&'*+/=?^_`{|}~-", 1, 20) from label in Chars("abcXYZ09-", 1, 9) from top in Chars(
            "abCZ", 1, 5) from pad in Padding select $"{pad}{local}@{label}.{top}{pad}",
        KeyKind.Sku => from sku in Chars("abcXYZ019\"\\~!/-_", 1, 64) from pad in Padding select pad + sku + pad,
        KeyKind.Text =>
            Gen.OneOf(Chars("abc xyz\"\\/", 1, 40), Chars("aé\u0301ß中\u200D\uFFFD", 1, 60), Emoji)
            .Where(text => KindModel.Canonical(KeyKind.Text, text) is not null),
        KeyKind.Int =>
            from first in Chars("123456789", 1, 1) from rest in Chars("0123456789", 0, 37) from sign in Gen.Elements("", "-")
            select sign + first + rest,
        KeyKind.Dec =>
            from whole in Chars("01205", 1, 14) from decimals in Chars("00125", 0, 14) from sign in Gen.Elements("", "-")
            select sign + whole + (decimals.Length > 0 ? "." + decimals : ""),
        KeyKind.Bool => Gen.Elements("true", "false"),
        KeyKind.Uuid =>
            from bytes in Gen.Choose(0, 255).Select(b => (byte)b)
            .ArrayOf(16) from upper in Gen.Elements(true, false) let text = new Guid(bytes).ToString()
            select upper ? text.ToUpperInvariant() : text,
        _ => Instant(kind).Where(text => KindModel.Canonical(kind, text) is not null),
    };

    /// <summary>A valid value, a changed one, or one of another kind.</summary>
    public static Gen<string> Any(KeyKind kind) =>
        Gen.OneOf(Good(kind), Tampered(kind), Kind.SelectMany(Good), Gen.Elements(Hostile),
        Gen.Elements("", "NaN", "1e5", "null", "TRUE", "-0", "00", "+1", "1.", ".5"));

    /// <summary>A field's name.</summary>
    public static Gen<string> Field { get; } = from first in Chars("abcz", 1, 1) from rest in Chars("ab9_", 0, 6) select first + rest;

    /// <summary>Named values of a record, all different in name.</summary>
    public static Gen<(string Field, KeyKind Kind, string Value)[]> Fields { get; } =
        from count in Gen.Choose(1, 12)
        from fields in (from name in Field from kind in Kind from value in Good(kind) select (name, kind, value)).ArrayOf(count)
        select fields.DistinctBy(field => field.name).ToArray();

    /// <summary>A record of any depth that is allowed: values, lists, empty ones too, and nested records.</summary>
    public static Gen<KeyNode.Record> Tree { get; } = Gen.Choose(0, 3).SelectMany(depth => RecordOf(depth));

    private static Gen<KeyNode> Node(int depth)
    {
        var leaf = from kind in Kind from value in Good(kind) select (KeyNode)new KeyNode.Leaf(kind, value);
        if (depth == 0) return leaf;
        var list = from count in Gen.Choose(0, 4) from items in Node(depth - 1).ArrayOf(count) select (KeyNode)new KeyNode.List(items);
        return Gen.OneOf(leaf, list, RecordOf(depth - 1).Select(record => (KeyNode)record));
    }

    private static Gen<KeyNode.Record> RecordOf(int depth) =>
        from count in Gen.Choose(1, 5)
        from fields in (from name in Field from value in Node(depth) select (name, value)).ArrayOf(count)
        select new KeyNode.Record([.. fields.DistinctBy(field => field.name)]);

    private static Gen<string> Tampered(KeyKind kind) =>
        kind is KeyKind.Ts3 or KeyKind.Ts6 ? Gen.OneOf(Instant(kind), Edited(kind)) : Edited(kind);

    private static Gen<string> Edited(KeyKind kind) =>
        from good in Good(kind)
        from at in Gen.Choose(0, good.Length)
        from removed in Gen.Choose(0, Math.Min(2, good.Length - at))
        from inserted in Gen.Elements(Hostile)
        select string.Concat(good.AsSpan(0, at), inserted, good.AsSpan(at + removed));

    private static Gen<string> Instant(KeyKind kind) =>
        from year in Gen.Elements(0, 1, 4, 100, 400, 1582, 1900, 1969, 2000, 2023, 2024, 2100, 9998, 9999)
        from month in Gen.Choose(0, 13)
        from day in Gen.Choose(0, 32)
        from hour in Gen.Choose(0, 24)
        from minute in Gen.Elements(0, 7, 59, 60)
        from second in Gen.Elements(0, 7, 59, 60)
        from fraction in Gen.OneOf(Gen.Constant(""), Chars("0500", 1, kind is KeyKind.Ts3 ? 3 : 6), Chars("005", 1, 10))
        from zone in Gen.OneOf(Gen.Constant("Z"),
            from sign in Gen.Elements('+', '-') from hours in Gen.Choose(0, 15) from minutes in Gen.Elements(0, 30, 59, 60)
            select $"{sign}{hours:D2}:{minutes:D2}")
        select $"{year:D4}-{month:D2}-{day:D2}T{hour:D2}:{minute:D2}:{second:D2}{(fraction.Length > 0 ? "." + fraction : "")}{zone}";

    private static Gen<string> Padding { get; } = Gen.Elements("", "", " ", "\t ", "\r\n", "\v\f");

    private static Gen<string> Emoji { get; } = Gen.Elements("\U0001F600", "👩‍💻", "a\U00010000", "\uE000").ArrayOf(3).Select(string.Concat);

    private static Gen<string> Chars(string alphabet, int shortest, int longest) =>
        from length in Gen.Choose(shortest, longest) from chars in Gen.Elements(alphabet.ToCharArray()).ArrayOf(length)
            select new string(chars);
}
