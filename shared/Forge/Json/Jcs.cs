using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace ForgeShop.Forge;

/// <summary>
/// The JSON Canonicalization Scheme, RFC 8785: two JSON texts with the same meaning become the same bytes, which can be hashed. Members are
/// sorted by UTF-16 code units, numbers are IEEE 754 doubles in the form of ECMAScript, and strings have the minimum of escapes and are not
/// normalised. Duplicate members, lone surrogates and numbers beyond the range of a double are refused, as I-JSON (RFC 7493) requires.
/// </summary>
public static class Jcs
{
    /// <summary>The maximum depth of arrays and objects. RFC 8259 section 9 lets a parser set this limit.</summary>
    public const int MaxDepth = 1000;

    /// <summary>Returns the canonical form.</summary>
    /// <param name="utf8Json">A JSON text in UTF-8, without a byte order mark.</param>
    /// <returns>The canonical form in UTF-8.</returns>
    /// <exception cref="JcsException">The text has no canonical form; <see cref="JcsException.Code"/> is the reason.</exception>
    public static byte[] Canonicalize(ReadOnlySpan<byte> utf8Json)
    {
        using var writer = new JcsWriter(utf8Json.Length);
        return writer.Canonicalize(utf8Json).ToArray();
    }

    /// <summary>
    /// Returns the canonical form or the reason why there is none. A refusal costs as much as an exception.
    /// </summary>
    /// <param name="utf8Json">A JSON text in UTF-8, without a byte order mark.</param>
    /// <param name="canonical">The canonical form in UTF-8.</param>
    /// <param name="error">The reason why the text has none.</param>
    /// <returns>True if the text has a canonical form.</returns>
    public static bool TryCanonicalize(
        ReadOnlySpan<byte> utf8Json, [NotNullWhen(true)] out byte[]? canonical, [NotNullWhen(false)] out JcsException? error)
    {
        try
        {
            (canonical, error) = (Canonicalize(utf8Json), null);
            return true;
        }
        catch (JcsException refusal)
        {
            (canonical, error) = (null, refusal);
            return false;
        }
    }

    /// <summary>Writes the canonical form.</summary>
    /// <param name="utf8Json">A JSON text in UTF-8, without a byte order mark.</param>
    /// <param name="destination">Receives the bytes. Nothing is written if the text is refused.</param>
    /// <exception cref="JcsException">The text has no canonical form; <see cref="JcsException.Code"/> is the reason.</exception>
    /// <exception cref="ArgumentNullException">The destination is null.</exception>
    public static void Canonicalize(ReadOnlySpan<byte> utf8Json, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using var writer = new JcsWriter(utf8Json.Length);
        destination.Write(writer.Canonicalize(utf8Json));
    }
}
