using System.Globalization;
using ForgeShop.Forge.Compat.UuidForge;

namespace ForgeShop.Forge.Compat.Tests;

/// <summary>The package runs in programs of any culture, although the programs of this repository use the invariant one.</summary>
public sealed class CultureTests
{
    [Fact]
    public void Culture_does_not_change_an_ID()
    {
        var expected = Name();
        expected.ShouldContain("datetime.timedelta(days=-1, seconds=68400)");
        expected.ShouldContain("Decimal('-1.5E-8')");

        // Like Swedish with ICU, and further from the invariant culture.
        var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        odd.NumberFormat.NegativeSign = "minus ";
        odd.NumberFormat.PositiveSign = "plus ";
        odd.NumberFormat.NumberDecimalSeparator = ",";
        odd.NumberFormat.NaNSymbol = "no number";
        odd.NumberFormat.PositiveInfinitySymbol = "endless";
        odd.DateTimeFormat.DateSeparator = ".";
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = odd;
            Name().ShouldBe(expected);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static string Name()
    {
        var time = new DateTime(2024, 1, 15, 10, 30, 59, 123, 456);
        return new UuidForgeGenerator(UuidForgeConfig.ForDomain("example.com", "salt")).Name(
            "things",
            [
                -5, long.MinValue, -1.5, 1e-7, 2.9802322387695312e-08, double.NegativeInfinity, double.NaN, -1.5m, -0.000000015m,
                new DateOnly(2024, 1, 5), time,
                PythonValue.DateTimeWithOffset(time, TimeSpan.FromHours(-5)),
                PythonValue.DateTimeWithOffset(time, new TimeSpan(0, 0, 0, 0, 0, -1)),
                PythonValue.DecimalText("-1.5E-3"), PythonValue.DecimalText("+1E+10"), "a\u0007\u2028\U000E0001",
            ],
            [new("dict", PythonValue.Dict((-1, -2), (-1.5, -2.5)))]);
    }
}
