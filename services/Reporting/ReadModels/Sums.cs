using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Reporting;

/// <summary>
/// A sum of amounts in one currency, in the JSON form of <see cref="Money"/>. Unlike the amount of one order it has no upper bound, and it
/// is below zero while a cancellation is known before its confirmation.
/// </summary>
[JsonConverter(typeof(SumJsonConverter))]
public sealed record Sum(decimal Amount, string Currency);

public static class Sums
{
    /// <summary>Adds to the sum of a currency; the sums stay in the order of their currencies.</summary>
    public static IReadOnlyList<Sum> Add(this IReadOnlyList<Sum> sums, decimal amount, string currency) =>
    [
        .. sums.Append(new(amount, currency)).GroupBy(sum => sum.Currency)
            .Select(same => new Sum(same.Sum(sum => sum.Amount), same.Key)).OrderBy(sum => sum.Currency, StringComparer.Ordinal),
    ];
}

public sealed class SumJsonConverter : JsonConverter<Sum>
{
    public override Sum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var sum = JsonElement.ParseValue(ref reader);
        const NumberStyles styles = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        var amount = decimal.Parse(sum.GetProperty("amount").GetString()!, styles, CultureInfo.InvariantCulture);
        return new(amount, sum.GetProperty("currency").GetString()!);
    }

    public override void Write(Utf8JsonWriter writer, Sum value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("amount"u8, Money.Text(value.Amount, value.Currency));
        writer.WriteString("currency"u8, value.Currency);
        writer.WriteEndObject();
    }
}
