using System.Numerics;
using ForgeShop.Forge.Compat.UuidForge;

namespace ForgeShop.Forge.Compat.Tests;

public sealed class RefusalTests
{
    private static readonly UuidForgeGenerator Generator = new(UuidForgeConfig.Default);

    [Theory]
    [MemberData(nameof(Unfaithful))]
    public void Value_without_a_Python_counterpart_is_refused_with_advice(object value) =>
        Should.Throw<UuidForgeException>(() => PythonValue.From(value)).Message.ShouldContain("no faithful Python counterpart");

    public static TheoryData<object> Unfaithful() =>
    [
        1.5f, (Half)1, DayOfWeek.Monday, 'x', TimeSpan.FromSeconds(1), new TimeOnly(1, 2), new byte[] { 1 },
        new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 }, new HashSet<string> { "a" }, new object(), new int[1, 1],
        new List<object> { 1.5f }, (1, 'x'),
        (object)Enumerable.Range(0, 3).Where(number => number > 0), KeyValuePair.Create("a", 1),
    ];

    [Fact]
    public void Value_of_a_runtime_type_has_its_Python_counterpart()
    {
        static string Repr(object? value) => Generator.Name("", [PythonValue.From(value)], [])[1..];
        foreach (
            var five in new object[] { (sbyte)5, (byte)5, (short)5, (ushort)5, 5, 5u, 5L, 5UL, (nint)5, (nuint)5, (Int128)5, (UInt128)5,
            (BigInteger)5 })
            Repr(five).ShouldBe("5", five.GetType().Name);
        Repr(UInt128.MaxValue).ShouldBe("340282366920938463463374607431768211455");
        Repr(nint.MinValue).ShouldBe(nint.MinValue.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Repr(new object?[] { 1, "a", null, true }).ShouldBe("[1, 'a', None, True]");
        Repr(new List<double> { 1 }).ShouldBe("[1.0]");
        Repr(Array.Empty<string>()).ShouldBe("[]");
        Repr((1, "a")).ShouldBe("(1, 'a')");
        Repr(ValueTuple.Create(1)).ShouldBe("(1,)");
        Repr(ValueTuple.Create()).ShouldBe("()");
        Repr((1, 2, 3, 4, 5, 6, 7, 8, 9)).ShouldBe("(1, 2, 3, 4, 5, 6, 7, 8, 9)");
        Repr(Tuple.Create("a", 1)).ShouldBe("('a', 1)");
        Repr(new Dictionary<string, object?> { ["a"] = new[] { 1 } }).ShouldBe("{'a': [1]}");
        Repr(new Dictionary<string, object?>()).ShouldBe("{}");
        Repr(PythonValue.Tuple(1)).ShouldBe("(1,)");
    }

    // The compiler would take the conversion to double instead.
    [Fact]
    public void Float_has_no_implicit_conversion()
    {
        var conversion = typeof(PythonValue).GetMethod("op_Implicit", [typeof(float)]).ShouldNotBeNull();
        conversion.GetCustomAttributes(typeof(ObsoleteAttribute), false).Cast<ObsoleteAttribute>()
            .ShouldHaveSingleItem().IsError.ShouldBeTrue();
        Should.Throw<System.Reflection.TargetInvocationException>(
            () => conversion.Invoke(null, [1.5f])).InnerException.ShouldBeOfType<UuidForgeException>();
    }

    [Fact]
    public void List_that_contains_itself_is_refused()
    {
        var endless = new List<object>();
        endless.Add(endless);
        Should.Throw<UuidForgeException>(() => PythonValue.From(endless)).Message.ShouldContain("100 deep");
        object nested = 1;
        for (var level = 0; level < 100; level++)
            nested = new[] { nested };
        Generator.Name("", [PythonValue.From(nested)], []).ShouldBe("|" + new string('[', 100) + "1" + new string(']', 100));
        Should.Throw<UuidForgeException>(() => PythonValue.From(new[] { nested }));
    }

    [Fact]
    public void Integer_beyond_Pythons_limit_is_refused()
    {
        Generator.Generate("a", BigInteger.Pow(10, 4299)).ShouldNotBe(default);
        Should.Throw<UuidForgeException>(() => Generator.Generate("a", BigInteger.Pow(10, 4300)));
    }

    [Fact]
    public void Time_outside_Pythons_range_is_refused()
    {
        Should.Throw<UuidForgeException>(() => { PythonValue _ = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Local); });
        Should.Throw<UuidForgeException>(() => { PythonValue _ = new DateTime(1, DateTimeKind.Utc); });
        Should.Throw<UuidForgeException>(() => PythonValue.DateTimeWithOffset(new DateTime(2024, 1, 1), TimeSpan.FromHours(24)));
        foreach (var kind in new[] { DateTimeKind.Utc, DateTimeKind.Local })
        {
            Should.Throw<UuidForgeException>(() =>
                PythonValue.DateTimeWithOffset(new DateTime(2024, 1, 1, 0, 0, 0, kind), TimeSpan.FromHours(1))).Message.ShouldContain(
                "Unspecified");
            Should.Throw<UuidForgeException>(() =>
                PythonValue.DateTimeInZone(new DateTime(2024, 1, 1, 0, 0, 0, kind), "Europe/London")).Message.ShouldContain("Unspecified");
        }

        Should.Throw<UuidForgeException>(() => PythonValue.DateTimeInZone(new DateTime(1), "Europe/London"));
        Should.Throw<ArgumentException>(() => PythonValue.DateTimeInZone(new DateTime(2024, 1, 1), ""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1,5")]
    [InlineData("1 ")]
    [InlineData("0x1")]
    [InlineData("١")]
    [InlineData("1E9999999")]
    public void Malformed_decimal_is_refused(string text) => Should.Throw<UuidForgeException>(() => PythonValue.DecimalText(text));

    [Fact]
    public void Reserved_and_duplicate_keywords_are_refused()
    {
        foreach (var keyword in new[] { "config", "entity_type" })
            Should.Throw<UuidForgeException>(() => Generator.Generate("a", [], [KeyValuePair.Create<string, PythonValue>(keyword, 1)]));
        Should.Throw<UuidForgeException>(() =>
            Generator.Generate(
            "a", [], [KeyValuePair.Create<string, PythonValue>("k", 1), KeyValuePair.Create<string, PythonValue>("k", 2)]));
    }

    [Fact]
    public void Prefix_and_separator_are_keywords_unless_they_are_parameters()
    {
        foreach (var keyword in new[] { "config", "entity_type", "prefix", "separator" })
        {
            Should.Throw<UuidForgeException>(() =>
                Generator.GenerateWithPrefix("INV", "a", [], [KeyValuePair.Create<string, PythonValue>(keyword, 1)])).Message.ShouldContain(
                keyword);
        }

        Generator.Name("a", [], [new("separator", 2), new("prefix", "P")]).ShouldBe("a|prefix='P'|separator=2");
        Generator.Generate("x", [], [new("prefix", "P")]).ShouldNotBe(Generator.Generate("x"));
    }

    [Fact]
    public void Keyword_without_a_name_is_refused()
    {
        Should.Throw<UuidForgeException>(() => Generator.Generate("a", [], [default])).Message.ShouldBe("a keyword has no name");
        Should.Throw<UuidForgeException>(() => Generator.GenerateWithPrefix(null, "a", [], [default, new("k", 1)])).Message.ShouldBe(
            "a keyword has no name");
    }

    // What CPython 3.11 prints.
    [Fact]
    public void Time_in_a_named_zone_is_written_as_by_Python()
    {
        var time = new DateTime(2024, 10, 27, 1, 30, 0);
        Generator.Name("", [PythonValue.DateTimeInZone(time, "Europe/London")], [])
            .ShouldBe("|datetime.datetime(2024, 10, 27, 1, 30, tzinfo=zoneinfo.ZoneInfo(key='Europe/London'))");
        Generator.Name("", [PythonValue.DateTimeInZone(time, "Europe/London", fold: true)], [])
            .ShouldBe("|datetime.datetime(2024, 10, 27, 1, 30, fold=1, tzinfo=zoneinfo.ZoneInfo(key='Europe/London'))");
    }

    [Fact]
    public void Keywords_are_sorted_by_code_point()
    {
        const string astral = "\U0001D4D0", privateUse = "\uE000";
        Generator.Name(
            "t", [], [KeyValuePair.Create<string, PythonValue>(astral, 1), KeyValuePair.Create<string, PythonValue>(privateUse, 2)])
            .ShouldBe($"t|{privateUse}=2|{astral}=1");
    }

    [Theory]
    [InlineData(2.9802322387695312e-08, "2.9802322387695312e-08")] // 2^-25: the framework's own shortest text reads back as another value
    [InlineData(1e16, "1e+16")]
    [InlineData(9999999999999998, "9999999999999998.0")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    public void Float_is_written_as_by_Python(double value, string expected) => Generator.Name("", [value], []).ShouldBe("|" + expected);

    [Fact]
    public void Salts_are_url_safe_random_text()
    {
        UuidForgeConfig.GenerateSalt(16).Length.ShouldBe(22);
        UuidForgeConfig.GenerateSalt(24).Length.ShouldBe(32);
        UuidForgeConfig.GenerateSalt().Length.ShouldBe(43);
        UuidForgeConfig.GenerateSalt(64).Length.ShouldBe(86);
        UuidForgeConfig.GenerateSalt().ShouldNotBe(UuidForgeConfig.GenerateSalt());
        Should.Throw<ArgumentOutOfRangeException>(() => UuidForgeConfig.GenerateSalt(15));
    }
}
