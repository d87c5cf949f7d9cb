using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.Contracts.Audit;

/// <summary>
/// Hashes content that several stores hold: the first 16 bytes of SHA-256, in 32 lower-case hexadecimal digits, over the values as
/// netstrings. A netstring is the number of UTF-8 bytes, a colon, the bytes and a comma; <c>-,</c> stands for null.
/// </summary>
public static class ContentHash
{
    private const int Bytes = 16;

    public static string Of(params ReadOnlySpan<string?> values)
    {
        var length = 0;
        foreach (var value in values)
            length += value is null ? 2 : Encoding.UTF8.GetByteCount(value) + 12;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        var end = 0;
        foreach (var value in values)
        {
            if (value is null)
            {
                buffer[end++] = (byte)'-';
            }
            else
            {
                Begin(buffer, ref end, Encoding.UTF8.GetByteCount(value));
                end += Encoding.UTF8.GetBytes(value, buffer.AsSpan(end));
            }
            buffer[end++] = (byte)',';
        }
        return Return(buffer, end);
    }

    /// <summary>Hashes one value that is in UTF-8 already.</summary>
    public static string OfUtf8(ReadOnlySpan<byte> value)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(value.Length + 12);
        var end = 0;
        Begin(buffer, ref end, value.Length);
        value.CopyTo(buffer.AsSpan(end));
        end += value.Length;
        buffer[end++] = (byte)',';
        return Return(buffer, end);
    }

    private static void Begin(byte[] buffer, ref int end, int size)
    {
        size.TryFormat(buffer.AsSpan(end), out var digits, default, CultureInfo.InvariantCulture);
        end += digits;
        buffer[end++] = (byte)':';
    }

    private static string Return(byte[] buffer, int end)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer.AsSpan(0, end), hash);
        ArrayPool<byte>.Shared.Return(buffer);
        return Convert.ToHexStringLower(hash[..Bytes]);
    }

    /// <summary>Returns an amount without trailing zeros, as all stores hash it.</summary>
    public static string Amount(decimal amount) => amount.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>Returns a time in microseconds since 1970 (UTC), as all stores hash it.</summary>
    public static string Time(DateTimeOffset time) =>
        ((time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond).ToString(CultureInfo.InvariantCulture);
}
