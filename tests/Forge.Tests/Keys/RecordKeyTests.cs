using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace ForgeShop.Forge.Tests;

/// <summary>The name and the ID of a key that is a record; <see cref="RecordKeyRefusalTests"/> has the keys that are refused.</summary>
public sealed class RecordKeyTests
{
    private static readonly ForgeDomain Domain = new("forgeshop.example");
    private static readonly EntityNamespace Things = Domain.Entity("things", KeyShape.AnyRecord);
    private static readonly EntityNamespace Orders = Domain.Entity(
        "orders", KeyShape.Record(("user", KeyKind.Uuid), ("reference", KeyKind.Text)));
    private static readonly Guid Ada = Guid.Parse("6e16f6c3-de6b-55c3-80ba-75907720bb8a");

    private static (string, KeyValue)[] Values(IEnumerable<(string Field, KeyKind Kind, string Value)> fields) =>
        [.. fields.Select(field => (field.Field, KeyValue.Of(field.Kind, field.Value)))];

    [Fact]
    public void Field_order_does_not_change_the_ID()
    {
        var arbitrary = (from fields in Inputs.Fields from shuffled in Gen.Shuffle(fields) select (fields, shuffled)).ToArbitrary();
        Prop.ForAll(arbitrary, pair =>
            Things.Derive(Values(pair.fields)) == Things.Derive(Values(pair.shuffled))
                && Things.GetName(Values(pair.fields)) == Things.GetName(Values(pair.shuffled)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }

    [Fact]
    public void Record_name_is_canonical_JSON_of_its_fields()
    {
        // Injective: the fields, their kinds and their canonical values can be read back from the name, so different keys have different
        // names.
        Prop.ForAll(Inputs.Fields.ToArbitrary(), fields =>
        {
            var name = Things.GetName(Values(fields));
            var array = JsonNode.Parse(name)!.AsArray();
            var read = array[2]!.AsObject().ToDictionary(field => field.Key, field => field.Value!.GetValue<string>());
            var meant = fields.ToDictionary(
                field => field.Field, field => $"{field.Kind.ToName()}:{KindModel.Canonical(field.Kind, field.Value)}");
            return Encoding.UTF8.GetString(Jcs.Canonicalize(Encoding.UTF8.GetBytes(name))) == name
                && array.Count == 3 && array[0]!.GetValue<string>() == "forge:1" && array[1]!.GetValue<string>() == "things"
                && read.Count == meant.Count && meant.All(field => read[field.Key] == field.Value)
                && Things.Derive(Values(fields)) == NameBasedUuid.V5(Things.Id, name);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));
    }

    [Fact]
    public void Nested_field_order_does_not_change_the_ID_and_item_order_does()
    {
        var (inside, lists) = (0, 0);
        var arbitrary = (from tree in Inputs.Tree from seed in Gen.Choose(0, int.MaxValue) select (tree, seed)).ToArbitrary();
        Prop.ForAll(arbitrary, sample =>
        {
            var fields = sample.tree.ToFields();
            var shuffled = ((KeyNode.Record)sample.tree.Shuffled(new Random(sample.seed))).ToFields();
            if (sample.tree.Fields.Any(field => field.Value is KeyNode.Record { Fields.Length: > 1 })) inside++;
            var sameItems = true;
            foreach (var (field, node) in sample.tree.Fields)
            {
                if (node is not KeyNode.List { Items: [var first, .., var last] items }
                    || Things.GetName((field, first.ToValue())) == Things.GetName((field, last.ToValue()))) continue;
                lists++;
                KeyNode exchanged = new KeyNode.List([last, .. items[1..^1], first]);
                sameItems &= Things.GetName((field, node.ToValue())) != Things.GetName((field, exchanged.ToValue()));
            }
            return sameItems && Things.Derive(fields) == Things.Derive(shuffled) && Things.GetName(fields) == Things.GetName(shuffled);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_500));
        inside.ShouldBeGreaterThan(100);
        lists.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void Nested_record_name_is_canonical_JSON_of_its_fields()
    {
        Prop.ForAll(Inputs.Tree.ToArbitrary(), tree =>
        {
            var name = Things.GetName(tree.ToFields());
            return Encoding.UTF8.GetString(Jcs.Canonicalize(Encoding.UTF8.GetBytes(name))) == name
                && tree.IsIn(JsonNode.Parse(name)!.AsArray()[2])
                && Things.Derive(tree.ToFields()) == NameBasedUuid.V5(Things.Id, name);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_500));
    }

    [Fact]
    public void Nested_records_and_lists_are_written_as_JSON()
    {
        var name = Things.GetName(
            ("z", KeyValue.List(KeyValue.Of(KeyKind.Text, "x"), KeyValue.List(), KeyValue.Record(("b", 2L), ("a", 1L)))),
            ("a", KeyValue.Record(("y", true), ("x", Ada))));
        name.ShouldBe(
            """["forge:1","things",{"a":{"x":"uuid:6e16f6c3-de6b-55c3-80ba-75907720bb8a","y":"bool:true"}"""
            + ""","z":["text:x",[],{"a":"int:1","b":"int:2"}]}]""");
    }

    [Fact]
    public void Builder_and_field_list_derive_the_same_ID()
    {
        using var key = Things.NewKey();
        key.BeginList("z");
        key.AddItem(KeyValue.Of(KeyKind.Text, "x"));
        key.BeginListItem();
        key.End();
        key.BeginRecordItem();
        key.Add("b", KeyKind.Int, "2"u8);
        key.Add("a", 1L);
        key.End();
        key.End();
        key.BeginRecord("a");
        key.Add("y", KeyKind.Bool, "true");
        key.Add("x", Ada);
        key.End();
        var id = key.Derive();
        id.ShouldBe(Things.Derive(
            ("a", KeyValue.Record(("y", true), ("x", Ada))),
            ("z", KeyValue.List(KeyValue.Of(KeyKind.Text, "x"), KeyValue.List(), KeyValue.Record(("b", 2L), ("a", 1L))))));
        key.Derive().ShouldBe(id, "deriving changes nothing");
        key.Verify(id).ShouldBeTrue();
        key.Verify(Ada).ShouldBeFalse();
    }

    [Fact]
    public void Typed_value_equals_its_text()
    {
        var instant = new DateTimeOffset(2024, 2, 29, 23, 59, 59, 123, TimeSpan.FromHours(5.5));
        Things.GetName(
            ("n", long.MinValue), ("d", 12.50m), ("t", true), ("f", false), ("id", Ada), ("ts", KeyValue.Of(KeyKind.Ts3, instant)),
            ("us", KeyValue.Of(KeyKind.Ts6, instant.AddMicroseconds(4))))
            .ShouldBe("""
                ["forge:1","things",{"d":"dec:12.5","f":"bool:false","id":"uuid:6e16f6c3-de6b-55c3-80ba-75907720bb8a",
                "n":"int:-9223372036854775808","t":"bool:true","ts":"ts3:2024-02-29T18:29:59.123Z","us":"ts6:2024-02-29T18:29:59.123004Z"}]
                """.ReplaceLineEndings(""));
        foreach (
            var (value, text) in new[] { (DateTimeOffset.MinValue, "0001-01-01T00:00:00.000Z"),
            (new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero), "9999-12-31T23:59:59.000Z") })
        {
            Things.GetName(("t", KeyValue.Of(KeyKind.Ts3, value))).ShouldBe(Things.GetName(("t", KeyValue.Of(KeyKind.Ts3, text))));
        }
    }

    [Fact]
    public void Timestamp_text_equals_the_frameworks()
    {
        var arbitrary = Gen.Choose(0, int.MaxValue)
            .Select(seed => new DateTimeOffset(new Random(seed).NextInt64(DateTime.MaxValue.Ticks / 10_000) * 10_000, TimeSpan.Zero))
            .ToArbitrary();
        Prop.ForAll(arbitrary, instant =>
        {
            var name = Things.GetName(("t", KeyValue.Of(KeyKind.Ts3, instant)));
            var text = instant.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);
            return name == $$"""["forge:1","things",{"t":"ts3:{{text}}"}]"""
                && name == Things.GetName(("t", KeyValue.Of(KeyKind.Ts3, text)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }

    [Fact]
    public void Declared_shape_supplies_the_kinds()
    {
        var expected = Things.GetName(("user", Ada), ("reference", KeyValue.Of(KeyKind.Text, "cart-1")))
            .Replace("things", "orders", StringComparison.Ordinal);
        Orders.GetName(("user", Ada), ("reference", "cart-1")).ShouldBe(expected);
        Orders.GetName(("reference", "cart-1"), ("user", Ada.ToString().ToUpperInvariant())).ShouldBe(expected);
        var id = Orders.Derive(("user", Ada), ("reference", "cart-1"));
        Orders.Verify(id, ("reference", "cart-1"), ("user", Ada)).ShouldBeTrue();
        Orders.Verify(id, ("reference", "cart-2"), ("user", Ada)).ShouldBeFalse();
        Orders.Verify(id, ("reference", "cart-1")).ShouldBeFalse();
    }

    [Fact]
    public void Many_fields_and_large_values_are_derived()
    {
        var random = new Random(17);
        var fields = Enumerable.Range(0, 500)
            .Select(i => ($"f{i:D3}", KeyValue.Of(KeyKind.Text, new string((char)('a' + i % 26), 1 + random.Next(1024))))).ToArray();
        var shuffled = fields.ToArray();
        random.Shuffle(shuffled);
        var name = Things.GetName(shuffled);
        name.ShouldBe(Things.GetName(fields));
        Encoding.UTF8.GetString(Jcs.Canonicalize(Encoding.UTF8.GetBytes(name))).ShouldBe(name);
        Things.Derive(shuffled).ShouldBe(NameBasedUuid.V5(Things.Id, name));
        Things.TryDerive([.. shuffled, shuffled[250]], out _, out var error).ShouldBeFalse();
        error.Refusal.ShouldBe(KeyRefusal.DuplicateField);
    }

    [Fact]
    public void Named_texts_derive_the_same_ID()
    {
        KeyValuePair<string, string?>[] fields = [new("reference", "cart-1"), new("user", Ada.ToString())];
        Orders.TryDeriveText(fields, out var id, out _).ShouldBeTrue();
        id.ShouldBe(Orders.Derive(("user", Ada), ("reference", "cart-1")));
        var users = Domain.Entity("users", KeyKind.Email);
        users.TryDeriveText([new("key", "Ada@Example.com")], out id, out _).ShouldBeTrue();
        id.ShouldBe(Ada);
        users.TryDeriveText([], out _, out var error).ShouldBeFalse();
        error.ShouldBe(new KeyError(KeyRefusal.MissingField, "users", "key", null, null));
        users.TryDeriveText([new("key", null)], out _, out error).ShouldBeFalse();
        error.Refusal.ShouldBe(KeyRefusal.MissingField);
        users.TryDeriveText([new("key", "a@b"), new("key", "a@b")], out _, out error).ShouldBeFalse();
        error.Refusal.ShouldBe(KeyRefusal.DuplicateField);
        users.TryDeriveText([new("email\n", "a@b")], out _, out error).ShouldBeFalse();
        error.ShouldBe(new KeyError(KeyRefusal.UnknownField, "users", null, null, null));
        Orders.TryDeriveText([new("user", null)], out _, out error).ShouldBeFalse();
        error.Refusal.ShouldBe(KeyRefusal.Missing);
    }
}
