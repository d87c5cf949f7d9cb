using System.Diagnostics.CodeAnalysis;

namespace ForgeShop.Forge;

/// <summary>
/// An ID with the type of its entity: an order's ID as the argument for a user's ID does not compile. The interface parses text by the
/// strict rule of <see cref="Uuid"/>.
/// </summary>
/// <remarks>
/// <see cref="From"/> is the only required member. Members that frameworks find by reflection must be declared in the type as well: the
/// attribute for System.Text.Json, <c>TryParse</c> for the binding of ASP.NET Core, <c>ToString</c> instead of the record's.
/// <code>
/// [JsonConverter(typeof(TypedIdJsonConverter&lt;UserId&gt;))]
/// public readonly record struct UserId(Guid Value) : ITypedId&lt;UserId&gt;
/// {
///     public static UserId From(Guid value) => new(value);
///     public static bool TryParse(string? s, IFormatProvider? provider, out UserId result) => TypedId.TryParse(s, out result);
///     public override string ToString() => Uuid.ToText(Value);
/// }
/// </code>
/// </remarks>
/// <typeparam name="TSelf">The type itself.</typeparam>
public interface ITypedId<TSelf> : ISpanParsable<TSelf>, IUtf8SpanParsable<TSelf>, ISpanFormattable, IUtf8SpanFormattable
    where TSelf : struct, ITypedId<TSelf>
{
    /// <summary>Gets the ID.</summary>
    Guid Value { get; }

    /// <summary>Wraps an ID.</summary>
    /// <param name="value">The ID.</param>
    static abstract TSelf From(Guid value);

    /// <inheritdoc/>
    static TSelf IParsable<TSelf>.Parse(string s, IFormatProvider? provider) => TypedId.Parse<TSelf>(s);

    /// <inheritdoc/>
    static bool IParsable<TSelf>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out TSelf result) =>
        TypedId.TryParse(s, out result);

    /// <inheritdoc/>
    static TSelf ISpanParsable<TSelf>.Parse(ReadOnlySpan<char> s, IFormatProvider? provider) => TypedId.Parse<TSelf>(s);

    /// <inheritdoc/>
    static bool ISpanParsable<TSelf>.TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out TSelf result) =>
        TypedId.TryParse(s, out result);

    /// <inheritdoc/>
    static TSelf IUtf8SpanParsable<TSelf>.Parse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider) =>
        TypedId.TryParse<TSelf>(utf8Text, out var id) ? id : throw Uuid.NotAnId();

    /// <inheritdoc/>
    static bool IUtf8SpanParsable<TSelf>.TryParse(ReadOnlySpan<byte> utf8Text, IFormatProvider? provider, out TSelf result) =>
        TypedId.TryParse(utf8Text, out result);

    /// <inheritdoc/>
    string IFormattable.ToString(string? format, IFormatProvider? formatProvider) => Uuid.ToText(Value);

    /// <inheritdoc/>
    bool ISpanFormattable.TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        Value.TryFormat(destination, out charsWritten, "D");

    /// <inheritdoc/>
    bool IUtf8SpanFormattable.TryFormat(
        Span<byte> utf8Destination, out int bytesWritten, ReadOnlySpan<char> format, IFormatProvider? provider) =>
        Value.TryFormat(utf8Destination, out bytesWritten, "D");
}
