using System.Numerics;
using System.Runtime.CompilerServices;

namespace ForgeShop.Forge;

/// <summary>
/// The text and the byte order of an ID. The text has 36 lower-case characters (RFC 9562 section 4); parsing is strict and accepts both
/// cases. The bytes have network order, most significant first, and not the memory layout of <see cref="Guid"/>.
/// </summary>
public static class Uuid
{
    /// <summary>The length of an ID's text in characters, all of them ASCII.</summary>
    public const int TextLength = 36;

    /// <summary>The length of an ID in bytes.</summary>
    public const int ByteLength = 16;

    /// <summary>
    /// Parses the 36-character form. <see cref="Guid.TryParseExact(ReadOnlySpan{char}, ReadOnlySpan{char}, out Guid)"/> is no substitute:
    /// it accepts spaces, signs and <c>0x</c>, so one ID would have many texts.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="id">The ID.</param>
    /// <returns>True if the text has exactly this form.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out Guid id) => TryParse<char>(text, out id);

    /// <summary>Parses the 36-character form from ASCII bytes.</summary>
    /// <param name="utf8Text">The text.</param>
    /// <param name="id">The ID.</param>
    /// <returns>True if the text has exactly this form.</returns>
    public static bool TryParse(ReadOnlySpan<byte> utf8Text, out Guid id) => TryParse<byte>(utf8Text, out id);

    /// <summary>Parses the 36-character form.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">The text has another form. The message does not repeat it.</exception>
    public static Guid Parse(ReadOnlySpan<char> text) => TryParse(text, out var id) ? id : throw NotAnId();

    /// <summary>Returns the 36 lower-case characters.</summary>
    /// <param name="id">The ID.</param>
    public static string ToText(Guid id) => id.ToString("D");

    /// <summary>Returns the 16 bytes in network order.</summary>
    /// <param name="id">The ID.</param>
    public static byte[] ToBytes(Guid id) => id.ToByteArray(bigEndian: true);

    /// <summary>Writes the 16 bytes in network order.</summary>
    /// <param name="id">The ID.</param>
    /// <param name="destination">At least 16 bytes.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public static void WriteBytes(Guid id, Span<byte> destination)
    {
        if (!id.TryWriteBytes(destination, bigEndian: true, out _)) throw new ArgumentException(
            "An ID takes 16 bytes.", nameof(destination));
    }

    /// <summary>Returns the ID of 16 bytes in network order.</summary>
    /// <param name="bytes">Exactly 16 bytes.</param>
    /// <exception cref="ArgumentException">The length is not 16 bytes.</exception>
    public static Guid FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == ByteLength
            ? new Guid(bytes, bigEndian: true) : throw new ArgumentException("An ID has exactly 16 bytes.", nameof(bytes));

    internal static FormatException NotAnId() =>
        new("An ID is 36 characters: hexadecimal digits with hyphens after 8, 12, 16 and 20 of them.");

    [SkipLocalsInit]
    internal static bool TryParse<T>(ReadOnlySpan<T> text, out Guid id) where T : unmanaged, IBinaryInteger<T>
    {
        id = default;
        if (text.Length != TextLength) return false;
        Span<byte> bytes = stackalloc byte[ByteLength];
        var at = 0;
        for (var i = 0; i < ByteLength; i++)
        {
            if (i is 4 or 6 or 8 or 10 && int.CreateTruncating(text[at++]) != '-') return false;
            var value = (HexValue(int.CreateTruncating(text[at])) << 4) | HexValue(int.CreateTruncating(text[at + 1]));
            if (value < 0) return false;
            bytes[i] = (byte)value;
            at += 2;
        }
        id = new Guid(bytes, bigEndian: true);
        return true;
    }

    // -1 for a character that is not a digit: the result stays negative through shift and or.
    private static int HexValue(int c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        >= 'A' and <= 'F' => c - 'A' + 10,
        _ => -1,
    };
}
