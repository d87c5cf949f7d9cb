using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ForgeShop.Contracts;

/// <summary>An amount in a currency. Never negative, at most four decimals; in JSON the amount is a decimal string: {"amount":"12.50","currency":"EUR"}.</summary>
[JsonConverter(typeof(MoneyJsonConverter))]
public readonly record struct Money(decimal Amount, string Currency)
{
    public const int MaxDecimals = 4;
    public const decimal MaxAmount = 999_999_999_999_999.9999m;

    public decimal Amount { get; init => field = CheckedAmount(value); } = CheckedAmount(Amount);

    public string Currency { get; init => field = CheckedCurrency(value); } = CheckedCurrency(Currency);

    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    public static Money operator +(Money left, Money right) => left.Currency == right.Currency
        ? new Money(left.Amount + right.Amount, left.Currency)
        : throw new InvalidOperationException($"{left.Currency} and {right.Currency} cannot be added.");

    public static Money operator *(Money price, int quantity) => new(price.Amount * quantity, price.Currency);

    /// <summary>The amount as the wire has it: at least two decimals, no sign, no exponent.</summary>
    public string AmountText => Amount.ToString("0.00##", CultureInfo.InvariantCulture);

    public override string ToString() => $"{AmountText} {Currency}";

    /// <summary>Reads an amount: plain digits, optionally a point and one to four decimals. No sign, exponent, space or grouping.</summary>
    public static bool TryParseAmount(string? text, out decimal amount)
    {
        amount = 0;
        if (text is null) return false;
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var (whole, decimals) = point < 0 ? (text.Length, 1) : (point, text.Length - point - 1);
        return whole is >= 1 and <= 15
            && decimals is >= 1 and <= MaxDecimals
            && text.Where((_, index) => index != point).All(char.IsAsciiDigit)
            && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out amount);
    }

    public static bool IsCurrency(string? text) => text is { Length: 3 } && text.All(char.IsAsciiLetterUpper);

    private static decimal CheckedAmount(decimal amount) => amount is >= 0 and <= MaxAmount && decimal.Round(amount, MaxDecimals) == amount
        ? amount
        : throw new ArgumentOutOfRangeException(nameof(amount), "An amount is not negative, below 10^15 and has at most four decimals.");

    private static string CheckedCurrency(string currency) => IsCurrency(currency)
        ? currency
        : throw new ArgumentException("A currency is three capital letters (ISO 4217).", nameof(currency));
}

/// <summary>The strict wire form of <see cref="Money"/>; members that it does not know are ignored, as everywhere.</summary>
public sealed class MoneyJsonConverter : JsonConverter<Money>
{
    public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.StartObject) throw new JsonException("Money is an object: {\"amount\":\"12.50\",\"currency\":\"EUR\"}.");
        decimal? amount = null;
        string? currency = null;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isAmount = reader.ValueTextEquals("amount"u8);
            var isCurrency = reader.ValueTextEquals("currency"u8);
            reader.Read();
            if (isAmount) amount = Money.TryParseAmount(Text(ref reader), out var value) ? value : throw new JsonException("An amount is a string of digits with at most four decimals, such as \"12.50\".");
            else if (isCurrency) currency = Text(ref reader) is { } code && Money.IsCurrency(code) ? code : throw new JsonException("A currency is a string of three capital letters.");
            else reader.Skip();
        }
        return amount is { } total && currency is not null ? new Money(total, currency) : throw new JsonException("Money has an amount and a currency.");
    }

    public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("amount"u8, value.AmountText);
        writer.WriteString("currency"u8, value.Currency);
        writer.WriteEndObject();
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.TokenType is JsonTokenType.String ? reader.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // an escaped lone surrogate
        }
    }
}
