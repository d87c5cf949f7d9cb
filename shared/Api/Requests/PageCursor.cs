using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;

namespace ForgeShop.Api;

/// <summary>
/// The last item of a page in a list that is ordered by time and ID; the next page begins after it. The text is opaque to clients: the
/// base64url form of 8 bytes of time and 16 bytes of ID.
/// </summary>
public readonly record struct PageCursor(DateTimeOffset Time, Guid Id)
{
    private const int Length = sizeof(long) + 16;

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Time.UtcTicks);
        Id.TryWriteBytes(bytes[sizeof(long)..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Returns the cursor that a client sent, or adds an error; null for the first page.</summary>
    public static PageCursor? Read(string? text, ValidationErrors errors)
    {
        if (text is null)
            return null;
        if (!TryParse(text, out var cursor))
            errors.Add("cursor", "This is not a cursor from an earlier page.");
        return cursor;
    }

    private static bool TryParse(string text, out PageCursor cursor)
    {
        cursor = default;
        if (text.Length != Base64Url.GetEncodedLength(Length) || !Base64Url.IsValid(text, out var length) || length != Length)
            return false;
        ReadOnlySpan<byte> bytes = Base64Url.DecodeFromChars(text);
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        if (ticks < DateTimeOffset.MinValue.Ticks || ticks > DateTimeOffset.MaxValue.Ticks)
            return false;
        cursor = new(new DateTimeOffset(ticks, TimeSpan.Zero), new Guid(bytes[sizeof(long)..], bigEndian: true));
        return true;
    }
}

/// <summary>The number of items in a page of a list.</summary>
public static class PageLimit
{
    private const int Max = 100;

    /// <summary>Returns the limit that a client sent, or adds an error.</summary>
    public static int Read(string? limit, ValidationErrors errors, int otherwise = 20)
    {
        if (limit is null)
            return otherwise;
        if (!int.TryParse(limit, NumberStyles.Integer, CultureInfo.InvariantCulture, out var count) || count is < 1 or > Max)
            errors.Add("limit", $"A page has 1 to {Max} items.");
        return count;
    }
}
