using System.Numerics;
using ForgeShop.Forge.Compat.UuidForge;

namespace ForgeShop.Forge.Compat.Tests;

/// <summary>A Python dict has each key once, by Python's ==, and only keys that can be hashed.</summary>
public sealed class DictTests
{
    private static readonly DateTime Noon = new(2024, 1, 15, 12, 0, 0, DateTimeKind.Unspecified);

    /// <summary>Each row is one key to Python; no two rows are (checked with CPython 3.11).</summary>
    private static readonly PythonValue[][] Keys =
    [
        ["a", "a"],
        ["None", "None"],
        [PythonValue.None, PythonValue.None],
        [1, 1.0, true, 1.00m, BigInteger.One, PythonValue.DecimalText("10E-1")],
        [0, -0.0, false, 0.000m, PythonValue.DecimalText("-0")],
        [0.5, 0.5m],
        [-3, -3.0, -3m],
        [0.1, 0.1], // not the decimal 0.1
        [0.1m, PythonValue.DecimalText("1E-1")],
        [10_000_000_000_000_000_000_000_000m, BigInteger.Pow(10, 25), PythonValue.DecimalText("1E+25")],
        [1e23, (BigInteger)1e23], // not 10^23
        [BigInteger.Pow(10, 23), PythonValue.DecimalText("1E+23")],
        [5e-324, 5e-324],
        [1.7976931348623157e308, (BigInteger)1.7976931348623157e308],
        [9.5367431640625e-07, PythonValue.DecimalText("9.5367431640625E-7")], // 2^-20
        [-9.5367431640625e-07, PythonValue.DecimalText("-0.000000953674316406250")],
        [BigInteger.Pow(5, 6_000), PythonValue.DecimalText(BigInteger.Pow(5, 6_000).ToString() + ".00")],
        [BigInteger.Pow(10, 4_299), PythonValue.DecimalText("1E+4299"), PythonValue.DecimalText("1" + new string('0', 4_299))],
        [PythonValue.DecimalText("1E+4300"), PythonValue.DecimalText("1" + new string('0', 4_300))],
        [-BigInteger.Pow(10, 4_299), PythonValue.DecimalText("-1E+4299")],
        [double.PositiveInfinity, PythonValue.DecimalText("inf")],
        [double.NegativeInfinity, PythonValue.DecimalText("-Infinity")],
        [double.NaN, double.NaN],
        [PythonValue.DecimalText("NaN"), PythonValue.DecimalText("nan")],
        [NamespaceIds.Dns, NamespaceIds.Dns],
        [new DateOnly(2024, 1, 15), new DateOnly(2024, 1, 15)],
        [Noon, Noon],
        [DateTime.SpecifyKind(Noon, DateTimeKind.Utc), new DateTimeOffset(Noon, TimeSpan.Zero),
            PythonValue.DateTimeWithOffset(Noon.AddHours(5.5), TimeSpan.FromHours(5.5))],
        [PythonValue.Tuple(), PythonValue.Tuple()],
        [PythonValue.Tuple(1, "a"), PythonValue.Tuple(1.0, "a")],
        [PythonValue.Tuple("1", "a"), PythonValue.Tuple("1", "a")],
        [PythonValue.Tuple("1;str1:a"), PythonValue.Tuple("1;str1:a")],
        [PythonValue.Tuple(PythonValue.Tuple(1), "a"), PythonValue.Tuple(PythonValue.Tuple(true), "a")],
        [PythonValue.Tuple(PythonValue.Tuple(1, "a")), PythonValue.Tuple(PythonValue.Tuple(1, "a"))],
    ];

    [Fact]
    public void Keys_that_Python_treats_as_equal_are_refused_together()
    {
        foreach (var same in Keys)
        {
            foreach (var other in same.Skip(1))
                Should.Throw<UuidForgeException>(() => PythonValue.Dict((same[0], 1), (other, 2))).Message.ShouldBe(
                    "dict: a key is given twice; Python keeps only the last of them");
        }
    }

    [Fact]
    public void Keys_that_Python_treats_as_different_are_accepted_together()
    {
        (PythonValue, PythonValue)[] firsts = [.. Keys.Select(same => (same[0], PythonValue.None))];
        (PythonValue, PythonValue)[] lasts = [.. Keys.Select(same => (same[^1], PythonValue.None))];
        PythonValue.Dict(firsts);
        new UuidForgeGenerator(UuidForgeConfig.Default).Name("", [PythonValue.Dict(lasts)], [])
            .Split(": None").Length.ShouldBe(Keys.Length + 1);
    }

    [Fact]
    public async Task Decimal_of_a_million_digits_is_a_key()
    {
        var zeros = new string('0', 1_000_000);
        var fives = BigInteger.Pow(5, 140_000).ToString();
        (PythonValue, PythonValue)[] keys =
        [
            (PythonValue.DecimalText("1" + zeros), 1), (PythonValue.DecimalText("-1" + zeros), 2),
            (PythonValue.DecimalText("1" + zeros + "1"), 3),
            (PythonValue.DecimalText(fives), 4), (PythonValue.DecimalText(fives + "E-1000000"), 5),
            (PythonValue.DecimalText("0." + zeros), 6),
        ];

        await Task.Run(() => PythonValue.Dict(keys)).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        Should.Throw<UuidForgeException>(
            () => PythonValue.Dict([.. keys, (PythonValue.DecimalText("1E+1000000"), 7)])).Message.ShouldContain("twice");
        Should.Throw<UuidForgeException>(() => PythonValue.Dict([.. keys, (0, 7)])).Message.ShouldContain("twice");
    }

    [Fact]
    public void Unhashable_key_is_refused()
    {
        PythonValue[] unhashable = [PythonValue.List(), PythonValue.Dict(), PythonValue.Tuple(1, PythonValue.List()),
            PythonValue.Tuple(PythonValue.Tuple(PythonValue.Dict()))];
        foreach (var key in unhashable)
            Should.Throw<UuidForgeException>(() => PythonValue.Dict((key, 1))).Message.ShouldContain("cannot hash");
        PythonValue.Dict(("a", PythonValue.List(PythonValue.Dict())));
    }

    [Fact]
    public void Key_in_a_named_time_zone_is_refused() =>
        Should.Throw<UuidForgeException>(
            () => PythonValue.Dict((PythonValue.DateTimeInZone(Noon, "Europe/London"), 1))).Message.ShouldContain("zone");

    [Fact]
    public void Cyclic_key_is_refused()
    {
        PythonValue tuple = 1;
        for (var level = 0; level < 100_000; level++)
            tuple = PythonValue.Tuple(tuple);
        Should.Throw<UuidForgeException>(() => PythonValue.Dict((tuple, 1))).Message.ShouldContain("100 deep");
        Should.Throw<UuidForgeException>(() => PythonValue.Dict((BigInteger.Pow(10, 5_000), 1))).Message.ShouldContain("4300");
    }
}
