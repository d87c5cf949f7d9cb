using System.Text.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Forge.Tests;

public sealed class MoneyAndSkuTests
{
    private static Money Read(string json) => JsonSerializer.Deserialize<Money>(json, ContractsJson.Options);

    [Theory]
    [InlineData("EUR", "12.50", "12.50")]
    [InlineData("EUR", "12.5", "12.50")]
    [InlineData("EUR", "12", "12.00")]
    [InlineData("EUR", "0", "0.00")]
    [InlineData("EUR", "1.2300", "1.23")]
    [InlineData("EUR", "999999999999999.99", "999999999999999.99")]
    [InlineData("JPY", "100", "100")]
    [InlineData("JPY", "100.00", "100")]
    [InlineData("KWD", "1.234", "1.234")]
    [InlineData("KWD", "1.2", "1.200")]
    [InlineData("CLF", "999999999999999.9999", "999999999999999.9999")]
    public void Amount_is_written_with_the_decimals_of_its_currency(string currency, string read, string written)
    {
        var money = Read($$"""{"amount":"{{read}}","currency":"{{currency}}"}""");
        JsonSerializer.Serialize(money, ContractsJson.Options).ShouldBe($$"""{"amount":"{{written}}","currency":"{{currency}}"}""");
        money.ToString().ShouldBe($"{written} {currency}");
    }

    [Theory]
    [InlineData("EUR", "0.123")]
    [InlineData("JPY", "100.50")]
    [InlineData("KWD", "1.2345")]
    [InlineData("XYZ", "1")]
    [InlineData("XXX", "1")]
    [InlineData("XAU", "1")]
    [InlineData("DEM", "1")]
    public void Amount_finer_than_its_currency_and_unknown_currency_are_refused(string currency, string amount) =>
        Should.Throw<ValueException>(() => Read($$"""{"amount":"{{amount}}","currency":"{{currency}}"}"""));

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"-1\"")]
    [InlineData("\"+1\"")]
    [InlineData("\"1e3\"")]
    [InlineData("\"1,50\"")]
    [InlineData("\"1.\"")]
    [InlineData("\".5\"")]
    [InlineData("\"1.23456\"")]
    [InlineData("\" 1\"")]
    [InlineData("\"1 000\"")]
    [InlineData("\"1.2.3\"")]
    [InlineData("\"\u0661\"")]
    [InlineData("\"1000000000000000\"")]
    [InlineData("\"NaN\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("12.5")]
    [InlineData("null")]
    [InlineData("{}")]
    public void Malformed_amount_is_refused(string amount) =>
        Should.Throw<JsonException>(() => Read($$"""{"amount":{{amount}},"currency":"EUR"}"""));

    [Theory]
    [InlineData("""{"amount":"1"}""")]
    [InlineData("""{"currency":"EUR"}""")]
    [InlineData("""{"amount":"1","currency":"eur"}""")]
    [InlineData("""{"amount":"1","currency":"EURO"}""")]
    [InlineData("""{"amount":"1","currency":5}""")]
    [InlineData("""{"amount":"1","currency":null}""")]
    [InlineData("\"1 EUR\"")]
    [InlineData("[]")]
    public void Money_is_an_object_with_both_members(string json) => Should.Throw<JsonException>(() => Read(json));

    [Fact]
    public void Money_members_have_any_order_and_unknown_ones_are_ignored() =>
        Read("""{"note":{"a":[1]},"currency":"USD","amount":"3.00"}""").ShouldBe(new Money(3m, "USD"));

    [Fact]
    public void Money_is_added_in_one_currency_and_multiplied_by_a_quantity()
    {
        (new Money(12.50m, "EUR") * 3 + new Money(0.01m, "EUR")).ShouldBe(new Money(37.51m, "EUR"));
        Should.Throw<InvalidOperationException>(() => new Money(1, "EUR") + new Money(1, "USD"));
        Should.Throw<ArgumentException>(() => new Money(-1, "EUR"));
        Should.Throw<ArgumentException>(() => new Money(1.001m, "EUR"));
        Should.Throw<ArgumentException>(() => new Money(1, "eur"));
        Should.Throw<ArgumentException>(() => new Money(1, null!));
        new Money(12.50m, "EUR").ShouldBe(new Money(12.5m, "EUR"));
    }

    [Theory]
    [InlineData("sku-001", "SKU-001")]
    [InlineData(" \tab.c_d~e-f\r\n", "AB.C_D~E-F")]
    [InlineData("0", "0")]
    [InlineData("ABC/9", null)] // a SKU for Forge, but not one of this shop
    [InlineData("-A", null)]
    [InlineData("A B", null)]
    [InlineData("", null)]
    [InlineData(" ", null)]
    [InlineData(null, null)]
    [InlineData("Ä", null)]
    [InlineData("K\u212A", null)]
    [InlineData("\u00A0A", null)]
    public void Sku_is_safe_in_a_path(string? text, string? sku)
    {
        Sku.TryNormalise(text, out var normalised).ShouldBe(sku is not null);
        normalised.ShouldBe(sku);
        if (sku is not null) new ForgeIds().Product(text!).ShouldBe(new ForgeIds().Product(sku), "both rules agree on the canonical text");
    }

    [Fact]
    public void Sku_has_at_most_64_characters()
    {
        Sku.TryNormalise(new string('a', 64), out _).ShouldBeTrue();
        Sku.TryNormalise(new string('a', 65), out _).ShouldBeFalse();
        Sku.TryNormalise(new string('a', 10_000_000), out _).ShouldBeFalse();
    }
}
