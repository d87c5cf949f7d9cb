using System.Buffers;
using System.Security.Cryptography;
using System.Text.Unicode;

namespace ForgeShop.Contracts.Audit;

/// <summary>
/// Hashes content that several stores hold: the first 16 bytes of SHA-256, in 32 lower-case hexadecimal digits, over the values as
/// netstrings. A netstring is the number of UTF-8 bytes, a colon, the bytes and a comma; <c>-,</c> stands for null.
/// </summary>
public static class ContentHash
{
    public static string Of(params ReadOnlySpan<string?> values)
    {
        var length = 0;
        foreach (var value in values)
            length += 12 + Encoding.UTF8.GetByteCount(value ?? "");
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        var end = 0;
        foreach (var value in values)
        {
            var written = 0;
            _ = value is null
                ? Utf8.TryWrite(buffer.AsSpan(end), $"-,", out written)
                : Utf8.TryWrite(buffer.AsSpan(end), $"{Encoding.UTF8.GetByteCount(value)}:{value},", out written);
            end += written;
        }
        var hash = Hash(buffer.AsSpan(0, end));
        ArrayPool<byte>.Shared.Return(buffer);
        return hash;
    }

    /// <summary>Hashes one value that is in UTF-8 already.</summary>
    public static string OfUtf8(ReadOnlySpan<byte> value) => Hash([.. Encoding.UTF8.GetBytes($"{value.Length}:"), .. value, (byte)',']);

    private static string Hash(ReadOnlySpan<byte> netstrings) => Convert.ToHexStringLower(SHA256.HashData(netstrings).AsSpan(0, 16));

    /// <summary>Returns an amount without trailing zeros, as all stores hash it.</summary>
    public static string Amount(decimal amount) => amount.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>Returns a time in microseconds since 1970 (UTC), as all stores hash it.</summary>
    public static string Time(DateTimeOffset time) =>
        ((time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond).ToString(CultureInfo.InvariantCulture);
}
