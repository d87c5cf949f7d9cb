using System.Text.RegularExpressions;

namespace ForgeShop.Contracts;

/// <summary>
/// An amount in a currency. Never negative, and with no more decimals than the currency has (<see cref="Currencies"/>). In JSON the amount
/// is a decimal string: {"amount":"12.50","currency":"EUR"}.
/// </summary>
[JsonConverter(typeof(MoneyJsonConverter))]
public readonly partial record struct Money
{
    public const decimal MaxAmount = 999_999_999_999_999.9999m;

    /// <exception cref="ArgumentException">The currency is unknown, or the amount is negative, too large, or finer than the
    /// currency.</exception>
    public Money(decimal amount, string currency)
    {
        if (Problem(amount, currency) is { } problem)
            throw new ArgumentException(problem);
        (Amount, Currency) = (amount, currency);
    }

    public decimal Amount { get; }

    public string Currency { get; }

    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    public static Money operator +(Money left, Money right) => left.Currency == right.Currency
        ? new Money(left.Amount + right.Amount, left.Currency)
        : throw new InvalidOperationException($"{left.Currency} and {right.Currency} cannot be added.");

    public static Money operator *(Money price, int quantity) => new(price.Amount * quantity, price.Currency);

    /// <summary>Gets the amount in its wire form: with the decimals of its currency, without sign and exponent.</summary>
    public string AmountText => Text(Amount, Currency);

    public override string ToString() => $"{AmountText} {Currency}";

    /// <summary>Returns an amount, also a negative one, with the decimals of its currency.</summary>
    public static string Text(decimal amount, string currency) =>
        amount.ToString("F" + Currencies.DecimalsOf(currency), CultureInfo.InvariantCulture);

    /// <summary>Returns the validation message; null if the value is valid. Contracts, requests and columns share this rule.</summary>
    public static string? Problem(decimal amount, string? currency)
    {
        if (!Currencies.Contains(currency))
            return "A currency is a code of ISO 4217 in capital letters, such as EUR.";
        if (amount is < 0 or > MaxAmount)
            return "An amount is not negative and below 10^15.";
        var decimals = Currencies.DecimalsOf(currency!);
        return decimal.Round(amount, decimals) == amount ? null : $"An amount in {currency} has at most {decimals} decimals.";
    }

    /// <summary>Reads an amount: plain digits, optionally a point and one to four decimals. No sign, exponent, space or grouping.</summary>
    public static bool TryParseAmount(string? text, out decimal amount)
    {
        amount = 0;
        return text is not null
            && AmountForm().IsMatch(text)
            && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out amount);
    }

    [GeneratedRegex(@"\A[0-9]{1,15}(?:\.[0-9]{1,4})?\z")]
    private static partial Regex AmountForm();
}

/// <summary>A value is valid JSON and breaks a rule of its type. The message is for the caller and does not repeat the value.</summary>
public sealed class ValueException(string message) : JsonException(message);

/// <summary>The strict wire form of <see cref="Money"/>. Unknown and repeated members are handled by the options.</summary>
public sealed class MoneyJsonConverter : JsonConverter<Money>
{
    public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.StartObject)
            throw new ValueException("Money is an object: {\"amount\":\"12.50\",\"currency\":\"EUR\"}.");
        decimal? amount = null;
        string? currency = null;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isAmount = reader.ValueTextEquals("amount"u8);
            var isCurrency = reader.ValueTextEquals("currency"u8);
            if (!options.AllowDuplicateProperties && ((isAmount && amount is not null) || (isCurrency && currency is not null)))
                throw new ValueException("A member of this money is given twice.");
            if (!isAmount && !isCurrency && options.UnmappedMemberHandling is JsonUnmappedMemberHandling.Disallow)
                throw new ValueException("Money has the members amount and currency, and no others.");
            reader.Read();
            if (isAmount)
                amount = Money.TryParseAmount(Text(ref reader), out var value)
                    ? value
                    : throw new ValueException("An amount is a string of digits, such as \"12.50\".");
            else if (isCurrency)
                currency = Text(ref reader) ?? throw new ValueException("A currency is a string.");
            else
                reader.Skip();
        }

        if (amount is not { } total || currency is null)
            throw new ValueException("Money has an amount and a currency.");
        return Money.Problem(total, currency) is { } problem ? throw new ValueException(problem) : new Money(total, currency);
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
