using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Reporting.Models;

/// <summary>
/// A sum of amounts in one currency, in the JSON form of <see cref="Money"/>. Unlike the amount of one order it has no upper bound, and it
/// is below zero while a cancellation is known before its confirmation.
/// </summary>
public sealed record Sum([property: JsonConverter(typeof(SumJsonConverter))] decimal Amount, string Currency);

public static class Sums
{
    /// <summary>Adds to the sum of a currency; the sums stay in the order of their currencies.</summary>
    public static IReadOnlyList<Sum> Add(this IReadOnlyList<Sum> sums, decimal amount, string currency) =>
    [
        .. sums.Append(new(amount, currency)).GroupBy(sum => sum.Currency)
            .Select(same => new Sum(same.Sum(sum => sum.Amount), same.Key)).OrderBy(sum => sum.Currency, StringComparer.Ordinal),
    ];
}

public sealed class SumJsonConverter : JsonConverter<decimal>
{
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        decimal.Parse(reader.GetString()!, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString("0.00##", CultureInfo.InvariantCulture));
}
