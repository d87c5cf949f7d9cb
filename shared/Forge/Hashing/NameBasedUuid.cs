using System.Buffers;
using System.Text;

namespace ForgeShop.Forge;

/// <summary>
/// The derivation of RFC 9562 without rules for keys: any namespace, any name. For entity IDs use <see cref="ForgeDomain"/>, which also
/// ensures that equal keys have the same name.
/// </summary>
public static class NameBasedUuid
{
    private const int StackLimit = 1024;

    /// <summary>Returns UUID version 5 (RFC 9562 section 5.5): SHA-1 of the namespace's 16 bytes in network order and the name.</summary>
    /// <param name="namespaceId">The namespace.</param>
    /// <param name="name">The bytes of the name.</param>
    public static Guid V5(Guid namespaceId, ReadOnlySpan<byte> name) => Compute(ForgeAlgorithm.V5, default, namespaceId, name);

    /// <summary>Returns UUID version 5 of a name in UTF-8.</summary>
    /// <param name="namespaceId">The namespace.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="ForgeKeyException">The name has a lone surrogate.</exception>
    public static Guid V5(Guid namespaceId, ReadOnlySpan<char> name) => Compute(ForgeAlgorithm.V5, default, namespaceId, name);

    /// <summary>Returns UUID version 8 as in RFC 9562 appendix B.2: the first 16 bytes of SHA-256 over the same bytes.</summary>
    /// <param name="namespaceId">The namespace.</param>
    /// <param name="name">The bytes of the name.</param>
    public static Guid V8Sha256(Guid namespaceId, ReadOnlySpan<byte> name) => Compute(ForgeAlgorithm.V8Sha256, default, namespaceId, name);

    /// <summary>Returns UUID version 8 by SHA-256 of a name in UTF-8.</summary>
    /// <param name="namespaceId">The namespace.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="ForgeKeyException">The name has a lone surrogate.</exception>
    public static Guid V8Sha256(Guid namespaceId, ReadOnlySpan<char> name) => Compute(ForgeAlgorithm.V8Sha256, default, namespaceId, name);

    /// <summary>Returns UUID version 8 from HMAC-SHA-256 over the same bytes.</summary>
    /// <param name="secret">The key of the HMAC, at least <see cref="ForgeDomain.MinimumSecretBytes"/> bytes.</param>
    /// <param name="namespaceId">The namespace.</param>
    /// <param name="name">The bytes of the name.</param>
    /// <exception cref="ForgeConfigurationException">The secret is too short.</exception>
    public static Guid V8HmacSha256(ReadOnlySpan<byte> secret, Guid namespaceId, ReadOnlySpan<byte> name) =>
        secret.Length >= ForgeDomain.MinimumSecretBytes
            ? Compute(ForgeAlgorithm.V8HmacSha256, secret, namespaceId, name)
            : throw new ForgeConfigurationException(
                $"The secret has {secret.Length} bytes; at least {ForgeDomain.MinimumSecretBytes} are needed.");

    private static Guid Compute(ForgeAlgorithm algorithm, ReadOnlySpan<byte> secret, Guid namespaceId, ReadOnlySpan<byte> name)
    {
        var size = checked(NameHash.NamespaceSize + name.Length);
        var rented = size > StackLimit ? ArrayPool<byte>.Shared.Rent(size) : null;
        Span<byte> buffer = rented ?? stackalloc byte[StackLimit];
        Uuid.WriteBytes(namespaceId, buffer);
        name.CopyTo(buffer[NameHash.NamespaceSize..]);
        var id = NameHash.Compute(algorithm, secret, buffer[..size]);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return id;
    }

    private static Guid Compute(ForgeAlgorithm algorithm, ReadOnlySpan<byte> secret, Guid namespaceId, ReadOnlySpan<char> name)
    {
        var size = Encoding.UTF8.GetMaxByteCount(name.Length);
        var rented = size > StackLimit ? ArrayPool<byte>.Shared.Rent(size) : null;
        Span<byte> buffer = rented ?? stackalloc byte[StackLimit];
        var status = System.Text.Unicode.Utf8.FromUtf16(name, buffer, out var read, out var written, replaceInvalidSequences: false);
        var id = status is OperationStatus.Done ? Compute(algorithm, secret, namespaceId, buffer[..written]) : default;
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return status is OperationStatus.Done
            ? id
            : throw new ForgeKeyException(new KeyError(KeyRefusal.LoneSurrogate, null, null, null, name[read]));
    }
}
