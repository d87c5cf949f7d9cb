namespace ForgeShop.Forge.Tests;

/// <summary>Records that are refused as keys, and the content of the error.</summary>
public sealed class RecordKeyRefusalTests
{
    private static readonly ForgeDomain Domain = new("forgeshop.example");
    private static readonly EntityNamespace Things = Domain.Entity("things", KeyShape.AnyRecord);
    private static readonly EntityNamespace Orders = Domain.Entity(
        "orders", KeyShape.Record(("user", KeyKind.Uuid), ("reference", KeyKind.Text)));
    private static readonly Guid Ada = Guid.Parse("6e16f6c3-de6b-55c3-80ba-75907720bb8a");

    [Fact]
    public void Key_that_does_not_fit_the_shape_is_refused_and_named()
    {
        Error(Orders, ("user", Ada)).ShouldBe(new KeyError(KeyRefusal.MissingField, "orders", "reference", null, null));
        Error(Orders, ("user", Ada), ("reference", "x"), ("colour", "red"))
            .ShouldBe(new KeyError(KeyRefusal.UnknownField, "orders", "colour", null, null));
        Error(Orders, ("user", 5L), ("reference", "x")).ShouldBe(new KeyError(KeyRefusal.WrongKind, "orders", "user", KeyKind.Uuid, null));
        Error(Orders, ("user", KeyValue.Of(KeyKind.Text, "x")), ("reference", "x")).Refusal.ShouldBe(KeyRefusal.WrongKind);
        Error(Orders, ("user", KeyValue.List()), ("reference", "x"))
            .ShouldBe(new KeyError(KeyRefusal.WrongShape, "orders", "user", null, null));
        Error(Orders, ("user", Ada), ("reference", (string?)null))
            .ShouldBe(new KeyError(KeyRefusal.Missing, "orders", "reference", null, null));
        Error(Orders, ("user", Ada), ("reference", "a\u0007"))
            .ShouldBe(new KeyError(KeyRefusal.Character, "orders", "reference", KeyKind.Text, 7));
        Error(Orders).Refusal.ShouldBe(KeyRefusal.NoFields);
        Should.Throw<ForgeKeyException>(() => Orders.Derive("plain")).Error.ShouldBe(
            new KeyError(KeyRefusal.WrongShape, "orders", null, null, null));
        Should.Throw<ForgeKeyException>(() => Domain.Entity("users", KeyKind.Email).Derive(("email", "a@b"))).Error.Refusal.ShouldBe(
            KeyRefusal.WrongShape);
        Should.Throw<ForgeKeyException>(() => Domain.Entity("users", KeyKind.Email).Derive(Ada)).Error.Refusal.ShouldBe(
            KeyRefusal.WrongKind);
    }

    [Fact]
    public void Nested_shape_is_checked()
    {
        var tags = Domain.Entity("tags",
            KeyShape.Record(("names", KeyShape.List(KeyKind.Text)), ("at", KeyShape.Record(("x", KeyKind.Int), ("y", KeyKind.Int)))));
        tags.GetName(("names", KeyValue.List("b", "a")), ("at", KeyValue.Record(("y", 2L), ("x", 1L))))
            .ShouldBe("""["forge:1","tags",{"at":{"x":"int:1","y":"int:2"},"names":["text:b","text:a"]}]""");
        Error(tags, ("names", KeyValue.List()), ("at", KeyValue.Record(("x", 1L))))
            .ShouldBe(new KeyError(KeyRefusal.MissingField, "tags", "at.y", null, null));
        Error(tags, ("names", KeyValue.List("a", 5L))).ShouldBe(new KeyError(KeyRefusal.WrongKind, "tags", "names[1]", KeyKind.Text, null));
        Error(tags, ("names", KeyValue.List("a", "b\u0000")))
            .ShouldBe(new KeyError(KeyRefusal.Character, "tags", "names[1]", KeyKind.Text, 0));
        Error(tags, ("names", "a")).ShouldBe(new KeyError(KeyRefusal.WrongShape, "tags", "names", null, null));
        Error(tags, ("at", KeyValue.Record(("z", 1L)))).ShouldBe(new KeyError(KeyRefusal.UnknownField, "tags", "at.z", null, null));
        Error(tags, ("at", KeyValue.Record(("x", 1L), ("y", 1L), ("x", 1L))))
            .ShouldBe(new KeyError(KeyRefusal.DuplicateField, "tags", "at.x", null, null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("1a")]
    [InlineData("_a")]
    [InlineData("a-b")]
    [InlineData("ä")]
    [InlineData("a\n")]
    [InlineData("a\"b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")] // 65
    public void Field_name_outside_the_pattern_is_refused_and_not_repeated(string name)
    {
        var error = Error(Things, (name, 1L));
        error.Refusal.ShouldBe(KeyRefusal.FieldName);
        error.Field.ShouldBeNull();
        Error(Things, ("ok", KeyValue.Record((name, 1L)))).Field.ShouldBe("ok");
        Error(Things, ("ok", KeyValue.Record(("inner", KeyValue.Record((name, 1L)))))).Field.ShouldBe("ok.inner");
        Should.Throw<ForgeConfigurationException>(() => KeyShape.Record((name, KeyKind.Int)));
    }

    [Fact]
    public void Longest_field_name_is_accepted() => Things.Derive((new string('a', 64), 1L)).ShouldNotBe(Guid.Empty);

    [Fact]
    public void Eight_levels_are_accepted_and_nine_refused()
    {
        KeyValue Nested(int lists) => lists == 0 ? 1L : KeyValue.List(Nested(lists - 1));
        Things.Derive(("d", Nested(7))).ShouldNotBe(Guid.Empty);
        Refusal(("d", Nested(8))).ShouldBe(KeyRefusal.TooDeep);
        Refusal(("d", Nested(500))).ShouldBe(KeyRefusal.TooDeep);
        KeyShape Shape(int lists) => lists == 0 ? KeyKind.Int : KeyShape.List(Shape(lists - 1));
        Domain.Entity("deep", KeyShape.Record(("d", Shape(7)))).Derive(("d", Nested(7))).ShouldNotBe(Guid.Empty);
        Should.Throw<ForgeConfigurationException>(() => Domain.Entity("deep", KeyShape.Record(("d", Shape(8)))));
    }

    // Forty levels of two have 2^40 leaves, and a hundred thousand levels of one are more than a stack holds.
    [Fact]
    public void Cyclic_or_shared_values_are_refused()
    {
        foreach (
            var wrap in new Func<KeyValue, KeyValue>[] { v => KeyValue.List(v, v), v => KeyValue.Record(("a", v), ("b", v)), v =>
            KeyValue.List(KeyValue.Record(("a", v), ("b", v)), v) })
        {
            foreach (var levels in new[] { 40, 100_000 })
            {
                KeyValue value = 1L;
                for (var level = 0; level < levels; level++) value = wrap(value);
                Refusal(("d", value)).ShouldBe(KeyRefusal.TooDeep);
                Should.Throw<ForgeKeyException>(() => Things.GetName(("d", value))).Error.Refusal.ShouldBe(KeyRefusal.TooDeep);
                using var key = Things.NewKey();
                key.BeginList("d");
                key.AddItem(value);
                key.End();
                key.TryDerive(out _, out var error).ShouldBeFalse();
                error.Refusal.ShouldBe(KeyRefusal.TooDeep);
            }
        }
    }

    [Fact]
    public void Empty_record_duplicate_field_and_null_are_refused()
    {
        Refusal().ShouldBe(KeyRefusal.NoFields);
        Refusal(("a", KeyValue.Record())).ShouldBe(KeyRefusal.NoFields);
        Refusal(("a", 1L), ("b", 2L), ("a", 1L)).ShouldBe(KeyRefusal.DuplicateField);
        Refusal(("a", default(KeyValue))).ShouldBe(KeyRefusal.Missing);
        Refusal(("a", "no kind")).ShouldBe(KeyRefusal.WrongKind);
        Refusal(("a", KeyValue.List(default(KeyValue)))).ShouldBe(KeyRefusal.Missing);
        Refusal(("a", KeyValue.Of((KeyKind)99, "x"))).ShouldBe(KeyRefusal.WrongKind);
    }

    [Fact]
    public void First_error_is_reported()
    {
        using var key = Orders.NewKey();
        key.Add("user", "nonsense");
        key.Add("nonsense", 1L);
        key.End();
        key.TryDerive(out _, out var error).ShouldBeFalse();
        error.ShouldBe(new KeyError(KeyRefusal.Form, "orders", "user", KeyKind.Uuid, null));
    }

    [Fact]
    public void Misuse_of_the_builder_throws()
    {
        Should.Throw<InvalidOperationException>(() => { using var key = Things.NewKey(); key.BeginList("a"); return key.Derive(); });
        Should.Throw<InvalidOperationException>(() => { using var key = Things.NewKey(); key.End(); });
        Should.Throw<InvalidOperationException>(
            () => { using var key = Things.NewKey(); key.Add("a", 1L); key.Derive(); key.Add("b", 1L); });
        using var item = Things.NewKey();
        item.AddItem(1L);
        item.TryDerive(out _, out var error).ShouldBeFalse();
        error.Refusal.ShouldBe(KeyRefusal.WrongShape);
        using var named = Things.NewKey();
        named.BeginList("a");
        named.Add("b", 1L);
        named.TryDerive(out _, out error).ShouldBeFalse();
        error.Refusal.ShouldBe(KeyRefusal.WrongShape);
    }

    [Fact]
    public void Value_that_its_kind_cannot_hold_is_refused()
    {
        var instant = new DateTimeOffset(2024, 2, 29, 23, 59, 59, 123, TimeSpan.FromHours(5.5));
        Refusal(("ts", KeyValue.Of(KeyKind.Ts3, instant.AddTicks(1)))).ShouldBe(KeyRefusal.TooPrecise);
        Refusal(("d", decimal.MaxValue)).ShouldBe(KeyRefusal.TooManyDigits);
        Refusal(("ts", (KeyValue)instant)).ShouldBe(KeyRefusal.WrongKind);
    }

    private static KeyError Error(EntityNamespace entity, params (string, KeyValue)[] fields)
    {
        entity.TryDerive(fields, out var id, out var error).ShouldBeFalse();
        id.ShouldBe(Guid.Empty);
        return error;
    }

    private static KeyRefusal Refusal(params (string, KeyValue)[] fields) => Error(Things, fields).Refusal;
}
