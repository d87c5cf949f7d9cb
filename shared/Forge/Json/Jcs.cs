using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace ForgeShop.Forge;

/// <summary>
/// The JSON Canonicalization Scheme, RFC 8785: two JSON texts that mean the same become the same bytes, which can then be hashed. Members
/// are sorted by UTF-16 code units, numbers are IEEE 754 doubles written as ECMAScript writes them, strings are escaped no more than they
/// must be and never normalised. What RFC 8785 builds on (I-JSON, RFC 7493) forbids is refused: members given twice, lone surrogates,
/// numbers beyond the range of a double.
/// </summary>
public static class Jcs
{
    /// <summary>How deep arrays and objects may nest. RFC 8259 section 9 leaves the limit to the reader.</summary>
    public const int MaxDepth = 1000;

    /// <summary>The canonical form.</summary>
    /// <param name="utf8Json">A JSON text in UTF-8, without a byte order mark.</param>
    /// <returns>The canonical form in UTF-8.</returns>
    /// <exception cref="JcsException">The text has no canonical form: <see cref="JcsException.Code"/> says why.</exception>
    public static byte[] Canonicalize(ReadOnlySpan<byte> utf8Json)
    {
        using var writer = new JcsWriter(utf8Json.Length);
        return writer.Canonicalize(utf8Json).ToArray();
    }

    /// <summary>
    /// The canonical form, or why there is none. For texts that are seldom refused: a refusal costs what an exception costs.
    /// </summary>
    /// <param name="utf8Json">A JSON text in UTF-8, without a byte order mark.</param>
    /// <param name="canonical">The canonical form in UTF-8.</param>
    /// <param name="error">Why the text has none.</param>
    /// <returns>Whether there is one.</returns>
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
    /// <param name="destination">Where it goes. Nothing is written if the text is refused.</param>
    /// <exception cref="JcsException">The text has no canonical form: <see cref="JcsException.Code"/> says why.</exception>
    /// <exception cref="ArgumentNullException">There is no destination.</exception>
    public static void Canonicalize(ReadOnlySpan<byte> utf8Json, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using var writer = new JcsWriter(utf8Json.Length);
        destination.Write(writer.Canonicalize(utf8Json));
    }
}
