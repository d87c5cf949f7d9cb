using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.Documents;

/// <summary>
/// Where a page ended: the last document's value of the field ordered by, and its ID. The text is base64url of a check sum, the
/// 16 bytes of the ID and the value. The check sum covers the query as well, so that a mangled cursor, or one of another list,
/// is refused instead of leading to some other place. It is no secret: a cursor moves within what the query may see anyway. So
/// anybody can make one with a right check sum; one that Write would not have written is refused as well.
/// </summary>
internal sealed record DocumentCursor(object? Value, Guid Id)
{
    private const int CheckSumLength = 8;
    private const int HeadLength = CheckSumLength + 16;
    private const int MaximumTextLength = 8192;
    private static readonly long Earliest = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static string Write<T>(DocumentModel<T> model, DocumentQuery<T> query, object? value, Guid id) where T : class
    {
        var text = Encoding.UTF8.GetBytes(Text(value));
        var bytes = new byte[HeadLength + text.Length];
        id.TryWriteBytes(bytes.AsSpan(CheckSumLength), bigEndian: true, out _);
        text.CopyTo(bytes.AsSpan(HeadLength));
        CheckSum(model, query, bytes.AsSpan(CheckSumLength)).CopyTo(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    public static DocumentCursor? Read<T>(DocumentModel<T> model, DocumentQuery<T> query) where T : class
    {
        if (query.Cursor is null)
            return null;
        // Exactly what Write wrote: the decoder alone would also take white space and padding.
        if (query.Cursor.Length > MaximumTextLength || !Base64Url.IsValid(query.Cursor, out var length) || length < HeadLength)
            throw new InvalidCursorException();
        var bytes = Base64Url.DecodeFromChars(query.Cursor);
        if (Base64Url.EncodeToString(bytes) != query.Cursor || !CheckSum(model, query, bytes.AsSpan(CheckSumLength)).SequenceEqual(bytes.AsSpan(0, CheckSumLength)))
            throw new InvalidCursorException();

        var id = new Guid(bytes.AsSpan(CheckSumLength, 16), bigEndian: true);
        var value = bytes.AsSpan(HeadLength);
        return TryParse(query.Order?.Kind, Encoding.UTF8.GetString(value), out var parsed) && Encoding.UTF8.GetBytes(Text(parsed)).AsSpan().SequenceEqual(value)
            ? new(parsed, id)
            : throw new InvalidCursorException();
    }

    private static ReadOnlySpan<byte> CheckSum<T>(DocumentModel<T> model, DocumentQuery<T> query, ReadOnlySpan<byte> place) where T : class
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, model.Name);
        foreach (var condition in query.Conditions)
        {
            Add(hash, condition.Field.Name);
            Add(hash, condition.Comparison.ToString());
            Add(hash, Text(condition.Value));
        }
        Add(hash, query.Order?.Name ?? "");
        Add(hash, query.Descending ? "descending" : "ascending");
        hash.AppendData(place);
        return hash.GetHashAndReset().AsSpan(0, CheckSumLength);
    }

    private static void Add(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        DateTimeOffset time => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => (string)value,
    };

    private static bool TryParse(FieldKind? kind, string text, out object? value)
    {
        value = kind switch
        {
            null => null,
            FieldKind.Uuid => Guid.TryParseExact(text, "D", out var id) ? id : null,
            FieldKind.Integer => long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null,
            FieldKind.Decimal => decimal.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null,
            FieldKind.Time => long.TryParse(text, CultureInfo.InvariantCulture, out var time) && time >= Earliest && time <= Latest
                ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null,
            // No store keeps this character (DocumentJson), and PostgreSQL does not even compare with it.
            _ => text.Contains('\0') ? null : text,
        };
        return kind is null || value is not null;
    }
}
