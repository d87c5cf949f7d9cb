using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ForgeShop.Contracts;

namespace ForgeShop.Polyglot.Tests;

/// <summary>The values of the contracts in JSON. .NET computes them, and the other languages must reproduce them.</summary>
internal static class ValueVectors
{
    private static readonly string[] Moneys =
    [
        """{"amount":"12.50","currency":"EUR"}""", """{"amount":"12.5","currency":"EUR"}""", """{"amount":"19.005","currency":"EUR"}""",
        """{"amount":"19.05","currency":"EUR"}""", """{"amount":"0.07","currency":"EUR"}""", """{"amount":"0","currency":"EUR"}""",
        """{"currency":"EUR","amount":"007"}""", """{"amount":"2990","currency":"JPY"}""", """{"amount":"2990.0","currency":"JPY"}""",
        """{"amount":"2990.5","currency":"JPY"}""", """{"amount":"0.125","currency":"KWD"}""", """{"amount":"1.2345","currency":"CLF"}""",
        """{"amount":"1.23456","currency":"CLF"}""", """{"amount":"999999999999999.9999","currency":"CLF"}""",
        """{"amount":"999999999999999.99","currency":"EUR"}""", """{"amount":"90071992547409.93","currency":"EUR"}""",
        """{"amount":"1000000000000000","currency":"EUR"}""", """{"amount":"-1","currency":"EUR"}""",
        """{"amount":"+1","currency":"EUR"}""",
        """{"amount":"1e3","currency":"EUR"}""", """{"amount":"1,50","currency":"EUR"}""", """{"amount":"1.","currency":"EUR"}""",
        """{"amount":".5","currency":"EUR"}""", """{"amount":"","currency":"EUR"}""", """{"amount":" 1","currency":"EUR"}""",
        """{"amount":"1\u0660","currency":"EUR"}""", """{"amount":12.5,"currency":"EUR"}""", """{"amount":12,"currency":"EUR"}""",
        """{"amount":null,"currency":"EUR"}""", """{"amount":"12.50"}""", """{"currency":"EUR"}""", """{"amount":"1","currency":"eur"}""",
        """{"amount":"1","currency":"EURO"}""", """{"amount":"1","currency":"XXX"}""", """{"amount":"1","currency":"XAU"}""",
        """{"amount":"1","currency":978}""", """{"amount":"1","currency":"EUR","note":"ignored"}""", "\"12.50 EUR\"", "12.5", "null",
        "[]", """{"Amount":"1","Currency":"EUR"}""", """{"amount":"1.0000","currency":"EUR"}""",
        """{"amount":"1.00000","currency":"CLF"}""",
        """{"amount":"000000000000001","currency":"EUR"}""", """{"amount":"0000000000000001","currency":"EUR"}""",
        """{"amount":"1\n","currency":"EUR"}""", """{"amount":"\uff11","currency":"EUR"}""", """{"amount":"1","currency":"EUR\n"}""",
        """{"amount":"1","amount":"2","currency":"EUR"}""", """{"amount":"1","currency":null}""", """{"amount":["1"],"currency":"EUR"}""",
        """{"amount":"1","currency":"toString"}""",
    ];

    private static readonly string[] Instants =
    [
        "2026-11-21T08:00:00Z", "2026-11-21T08:00:00+00:00", "2026-11-21T10:00:00+02:00", "2026-11-21T02:30:00-05:30",
        "2026-11-21T08:00:00",
        "2026-11-21T08:00:00.5Z", "2026-11-21T08:00:00.123Z", "2026-11-21T08:00:00.123456Z", "2026-11-21T08:00:00.1234567Z",
        "2026-11-21T08:00:00.9999999Z", "1969-12-31T23:59:59.9996Z", "2028-02-29T23:59:59.001Z", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z", "2027-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-21T24:00:01Z",
        "2026-11-21T08:60:00Z", "2026-11-21T08:00:61Z",
        "2026-11-21 08:00:00Z", "2026-11-21T08:00:00z", "21.11.2026", "1795248000", "", "2026-11-21T08:00:00,5Z",
        "2026-11-21T08:00:00 Z", " 2026-11-21T08:00:00Z", "20261121T080000Z", "yesterday", "2026-11-21T08:00:00+15:00",
        "+2026-11-21T08:00:00Z", "2026-11-21", "2026-11-21T08:00", "2026-11-21T08:00Z", "2026-11-21T08:00:00+02",
        "2026-11-21T08:00:00+0200", "2026-11-21T08:00:00+2:00", "2026-11-21T24:00:00Z", "2026-11-21T08:00:60Z", "2026-00-21T08:00:00Z",
        "2026-11-00T08:00:00Z", "2100-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00", "0001-01-01T01:00:00+01:00",
        "9999-12-31T23:59:59-01:00", "9999-12-31T22:59:59-01:00", "9999-12-31T23:59:59.9999999Z", "2026-11-21T08:00:00-00:00",
        "2026-11-21T22:00:00+14:00", "2026-11-21T22:00:00+14:01", "2026-11-20T18:00:00-14:00", "2026-11-21T08:00:00+01:60",
        "2026-11-21T08:00:00.Z", "2026-11-21T08:00:00.9999999999Z", "2026-11-21T08:00:00.1234567890123456Z",
        "2026-11-21T08:00:00.12345678901234567Z",
        "2026-11-21T08:00:00Z\n", "\uff12026-11-21T08:00:00Z", "2026-11-21T08:00:00\u2212" + "05:00", "2026-11-21t08:00:00Z",
    ];

    private static readonly string[] Quantities =
    [
        "0", "1", "2147483647", "2147483648", "-1", "-2147483648", "-2147483649", "1.5", "\"1\"", "null", "true", "[]",
        "9007199254740993", "1e400",
    ];

    private static readonly string[] Skus =
    [
        "SKU-001", "sku-001", "  sku-001\t", "kettle~1.5", "A", "0", "a_b", "-A", ".A", "~A", "A/B", "A B", "", "   ", "ä", "ſku",
        "\u212aettle", "SKU\u00a0",
        "\u00a0SKU", "SKU\ufeff", "SKU\u0085", "ı", new('a', 64), new('a', 65), "a%20b", "SKU-001\n",
        "\v\f\rsku-001", "A\nB", "\u2028SKU", "\u3000SKU", "\uff21", "\u0130", "\u00df", "A-", "0~", "+A", "\u001fA", "\U0001d400",
    ];

    private static readonly (string UnitPrice, string Currency, int Quantity)[] Lines =
    [
        ("12.50", "EUR", 2), ("19.05", "EUR", 3), ("0.10", "EUR", 3), ("2990", "JPY", 7), ("0.125", "KWD", 5),
        ("90071992547409.93", "EUR", 9), ("999999999999999.9999", "CLF", 1), ("12.50", "EUR", 0),
    ];

    public static JsonObject Generate() => new()
    {
        ["money"] = Each(Moneys, "json", text =>
        {
            var money = JsonSerializer.Deserialize<Money>(text, ContractsJson.Options);
            return new()
            {
                ["amount"] = money.AmountText, ["currency"] = money.Currency, ["minorUnits"] = MinorUnits(money),
                ["written"] = JsonSerializer.Serialize(money, ContractsJson.Options),
            };
        }),
        ["lineTotals"] = new JsonArray([.. Lines.Select(line =>
        {
            var price = new Money(decimal.Parse(line.UnitPrice, CultureInfo.InvariantCulture), line.Currency);
            return new JsonObject
            {
                ["unitPrice"] = line.UnitPrice, ["currency"] = line.Currency, ["quantity"] = line.Quantity,
                ["total"] = (price * line.Quantity).AmountText,
            };
        })]),
        ["instants"] = Each(Instants, "text", text =>
        {
            var instant = JsonSerializer.Deserialize<DateTimeOffset>(JsonSerializer.Serialize(text), ContractsJson.Options);
            return new() { ["epochMicroseconds"] = $"{Microseconds(instant)}" };
        }),
        ["quantities"] = Each(
            Quantities, "json", text => new() { ["quantity"] = JsonSerializer.Deserialize<int>(text, ContractsJson.Options) }),
        ["skus"] = Each(Skus, "text", text => Sku.TryNormalise(text, out var sku)
            ? new() { ["sku"] = sku, ["productId"] = $"{new ForgeIds().Product(sku)}" }
            : throw new FormatException()),
    };

    /// <summary>Returns the amount in the smallest unit of the currency, which every language can hold exactly.</summary>
    public static string MinorUnits(Money money) =>
        money.AmountText.Replace(".", "", StringComparison.Ordinal).TrimStart('0') is { Length: > 0 } digits ? digits : "0";

    /// <summary>Returns the microseconds since 1970, rounded down.</summary>
    public static long Microseconds(DateTimeOffset instant) => (long)Math.Floor((instant - DateTimeOffset.UnixEpoch).Ticks / 10m);

    private static JsonArray Each(string[] inputs, string name, Func<string, JsonObject> read) => new([.. inputs.Select(input =>
    {
        var vector = new JsonObject { [name] = input };
        try
        {
            foreach (var (member, value) in read(input).ToList())
                vector[member] = value!.DeepClone();
        }
        catch (Exception refused) when (refused is JsonException or FormatException)
        {
            vector["error"] = true;
        }

        return (JsonNode)vector;
    })]);
}
