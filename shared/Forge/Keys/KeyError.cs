using System.Globalization;
using System.Text;

namespace ForgeShop.Forge;

/// <summary>The error of a key: entity type, field, kind, reason and code point. It never contains the value.</summary>
/// <param name="Refusal">The reason.</param>
/// <param name="Entity">The entity type of the key.</param>
/// <param name="Field">The field of a record key (<c>a.b[2]</c> inside nested records and lists); null for a plain key.</param>
/// <param name="Kind">The kind of the value, if the reason depends on it.</param>
/// <param name="CodePoint">The refused Unicode code point, if the reason is one character.</param>
public readonly record struct KeyError(KeyRefusal Refusal, string? Entity, string? Field, KeyKind? Kind, int? CodePoint)
{
    /// <summary>Returns one line for people. Of the value it contains the refused code point only.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (Entity is not null) text.Append(Entity).Append(": ");
        text.Append(Field is null ? "the key" : $"field '{Field}'");
        if (Kind is { } kind && Refusal is not KeyRefusal.WrongKind) text.Append(CultureInfo.InvariantCulture, $" of kind {kind.ToName()}");
        return text.Append(' ').Append(Reason()).ToString();
    }

    private string Reason() => Refusal switch
    {
        KeyRefusal.None => "is in order",
        KeyRefusal.Missing => "is missing",
        KeyRefusal.Empty => "is empty",
        KeyRefusal.TooLong => Kind switch
        {
            KeyKind.Email => "is longer than 254 bytes",
            KeyKind.Sku => "is longer than 64 bytes",
            KeyKind.Text => "is longer than 1024 bytes of UTF-8",
            KeyKind.Int => "has more than 38 digits",
            _ => "is too long",
        },
        KeyRefusal.Character => $"has {Character()}, which is not allowed there",
        KeyRefusal.Edge => $"begins or ends with {Character()}",
        KeyRefusal.LoneSurrogate => $"has the lone surrogate {Character()}",
        KeyRefusal.InvalidUtf8 => "is not valid UTF-8",
        KeyRefusal.Form => Kind switch
        {
            KeyKind.Email => "is not of the form local@domain",
            KeyKind.Int => "is not a whole number in plain digits (0, 17, -3)",
            KeyKind.Dec => "is not a decimal number in plain digits (0, 17.5, -3)",
            KeyKind.Bool => "is neither true nor false",
            KeyKind.Uuid => "is not the 36-character form of a UUID",
            KeyKind.Ts3 or KeyKind.Ts6 => "is not an RFC 3339 time (2024-01-15T10:30:00Z)",
            _ => "is not of the kind's form",
        },
        KeyRefusal.TooManyDigits => "has more than 28 digits or 28 decimals",
        KeyRefusal.Range =>
            "is not a time that exists between the years 0001 and 9999 (offsets up to 14:00, no leap second, no hour 24, no -00:00)",
        KeyRefusal.TooPrecise => $"is finer than {(Kind is KeyKind.Ts6 ? "microseconds" : "milliseconds")}; nothing is rounded",
        KeyRefusal.FieldName => CodePoint is null
            ? "has a field that is not named by a lower-case letter and up to 63 lower-case letters, digits and underscores"
            : $"has a field whose name has {Character()}; names are lower-case letters, digits and underscores",
        KeyRefusal.DuplicateField => "is given twice",
        KeyRefusal.NoFields => "has no fields",
        KeyRefusal.TooDeep => "is nested deeper than 8 levels",
        KeyRefusal.UnknownField => "is not a field of this entity type",
        KeyRefusal.MissingField => "is missing",
        KeyRefusal.WrongKind =>
            Kind is { } kind ? $"is declared as {kind.ToName()} and was given as another kind" : "has no kind; name one",
        _ => "does not have the declared shape",
    };

    private string Character() => CodePoint is { } point ? $"U+{point:X4}" : "a character";
}
