using System.Runtime.CompilerServices;

namespace ForgeShop.Forge;

/// <summary>
/// A value of a record key. Strings, <see cref="Guid"/>, <see cref="long"/>, <see cref="decimal"/>, <see cref="bool"/> and
/// <see cref="DateTimeOffset"/> convert to it: <c>orders.Derive(("user", userId), ("reference", "cart-1"))</c>. If the entity type
/// declares the kind of the field, a string has this kind; otherwise name the kind with <see cref="Of(KeyKind, string?)"/>.
/// </summary>
public readonly struct KeyValue
{
    private readonly object? _reference;
    private readonly UInt128 _bits;

    private KeyValue(Content content, KeyKind? kind, object? reference, UInt128 bits) =>
        (What, Kind, _reference, _bits) = (content, kind, reference, bits);

    internal enum Content : byte
    {
        Nothing,
        Text,
        Id,
        Number,
        Decimal,
        Truth,
        Instant,
        List,
        Record,
    }

    internal Content What { get; }

    internal KeyKind? Kind { get; }

    internal string? AsText => Unsafe.As<string?>(_reference);

    internal Guid AsId => Unsafe.BitCast<UInt128, Guid>(_bits);

    internal long AsNumber => (long)_bits;

    internal decimal AsDecimal => Unsafe.BitCast<UInt128, decimal>(_bits);

    internal bool AsTruth => _bits != 0;

    internal DateTimeOffset AsInstant => new((long)_bits, TimeSpan.Zero);

    internal KeyValue[] AsList => Unsafe.As<KeyValue[]>(_reference!);

    internal (string Field, KeyValue Value)[] AsRecord => Unsafe.As<(string, KeyValue)[]>(_reference!);

    /// <summary>Converts text of the declared kind of the field. A null is refused when the key is derived.</summary>
    /// <param name="text">The text.</param>
    public static implicit operator KeyValue(string? text) => text is null ? default : new KeyValue(Content.Text, null, text, 0);

    /// <summary>Converts an ID, of kind uuid.</summary>
    /// <param name="id">The ID.</param>
    public static implicit operator KeyValue(Guid id) => new(Content.Id, KeyKind.Uuid, null, Unsafe.BitCast<Guid, UInt128>(id));

    /// <summary>Converts a whole number, of kind int.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator KeyValue(long number) => new(Content.Number, KeyKind.Int, null, (UInt128)(ulong)number);

    /// <summary>Converts a decimal number, of kind dec: 1.10 and 1.1 are the same key.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator KeyValue(decimal number) =>
        new(Content.Decimal, KeyKind.Dec, null, Unsafe.BitCast<decimal, UInt128>(number));

    /// <summary>Converts a Boolean value, of kind bool.</summary>
    /// <param name="value">The value.</param>
    public static implicit operator KeyValue(bool value) => new(Content.Truth, KeyKind.Bool, null, value ? 1u : 0u);

    /// <summary>Converts an instant, of the declared kind of the field: ts3 or ts6. More precise values are refused, not rounded.</summary>
    /// <param name="instant">The instant.</param>
    public static implicit operator KeyValue(DateTimeOffset instant) => new(Content.Instant, null, null, (UInt128)(ulong)instant.UtcTicks);

    /// <summary>Returns a value with its kind, from text.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="text">The text. A null is refused when the key is derived.</param>
    public static KeyValue Of(KeyKind kind, string? text) => text is null ? default : new KeyValue(Content.Text, kind, text, 0);

    /// <summary>Returns an instant of kind ts3 or ts6.</summary>
    /// <param name="kind">ts3 or ts6.</param>
    /// <param name="instant">The instant.</param>
    public static KeyValue Of(KeyKind kind, DateTimeOffset instant) => new(Content.Instant, kind, null, (UInt128)(ulong)instant.UtcTicks);

    /// <summary>Returns an ordered list.</summary>
    /// <param name="items">Its items; the list may be empty.</param>
    public static KeyValue List(params KeyValue[] items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return new KeyValue(Content.List, null, items, 0);
    }

    /// <summary>Returns a nested record.</summary>
    /// <param name="fields">Its fields, in any order.</param>
    public static KeyValue Record(params (string Field, KeyValue Value)[] fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        return new KeyValue(Content.Record, null, fields, 0);
    }
}
