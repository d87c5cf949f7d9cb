using System.Numerics;
using ForgeShop.Forge.Compat.UuidForge;

namespace ForgeShop.Forge.Compat.Tests;

public sealed class RefusalTests
{
    private static readonly UuidForgeGenerator Generator = new(UuidForgeConfig.Default);

    [Theory]
    [MemberData(nameof(Unfaithful))]
    public void A_value_without_a_faithful_counterpart_is_refused_with_advice(object value) =>
        Should.Throw<UuidForgeException>(() => PythonValue.From(value)).Message.ShouldContain("no faithful Python counterpart");

    public static TheoryData<object> Unfaithful() =>
    [
        1.5f, (Half)1, DayOfWeek.Monday, 'x', TimeSpan.FromSeconds(1), new TimeOnly(1, 2), new byte[] { 1 },
        new Dictionary<string, int> { ["a"] = 1 }, new HashSet<string> { "a" }, new object(),
    ];

    [Fact]
    public void Integers_beyond_pythons_limit_are_refused()
    {
        Generator.Generate("a", BigInteger.Pow(10, 4299)).ShouldNotBe(default);
        Should.Throw<UuidForgeException>(() => Generator.Generate("a", BigInteger.Pow(10, 4300)));
    }

    [Fact]
    public void Times_that_python_cannot_hold_are_refused()
    {
        Should.Throw<UuidForgeException>(() => { PythonValue _ = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Local); });
        Should.Throw<UuidForgeException>(() => { PythonValue _ = new DateTime(1, DateTimeKind.Utc); });
        Should.Throw<UuidForgeException>(() => PythonValue.DateTimeWithOffset(new DateTime(2024, 1, 1), TimeSpan.FromHours(24)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1,5")]
    [InlineData("1 ")]
    [InlineData("0x1")]
    [InlineData("١")]
    [InlineData("1E9999999")]
    public void Text_that_is_no_decimal_is_refused(string text) => Should.Throw<UuidForgeException>(() => PythonValue.DecimalText(text));

    [Fact]
    public void Keywords_of_the_librarys_own_parameters_and_duplicates_are_refused()
    {
        foreach (var keyword in new[] { "config", "entity_type" })
            Should.Throw<UuidForgeException>(() => Generator.Generate("a", [], [KeyValuePair.Create<string, PythonValue>(keyword, 1)]));
        Should.Throw<UuidForgeException>(() => Generator.Generate("a", [], [KeyValuePair.Create<string, PythonValue>("k", 1), KeyValuePair.Create<string, PythonValue>("k", 2)]));
    }

    [Fact]
    public void Keywords_are_sorted_by_code_point_and_not_by_utf16_unit()
    {
        const string astral = "\U0001D4D0", privateUse = "\uE000";
        Generator.Name("t", [], [KeyValuePair.Create<string, PythonValue>(astral, 1), KeyValuePair.Create<string, PythonValue>(privateUse, 2)])
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
    public void Floats_are_written_as_python_does(double value, string expected) => Generator.Name("", [value], []).ShouldBe("|" + expected);

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
