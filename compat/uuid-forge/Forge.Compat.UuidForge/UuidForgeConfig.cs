using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>uuid-forge's <c>IDConfig</c>: the namespace and the salt.</summary>
/// <remarks>The salt is concatenated, not a key: it does not make IDs unguessable. Forge's <c>v8-hmac-sha256</c> does.</remarks>
public sealed class UuidForgeConfig
{
    private const int MinimumSaltBytes = 16;

    /// <summary>The configuration with a namespace given as a UUID.</summary>
    /// <param name="namespaceId">The namespace.</param>
    /// <param name="salt">The salt, used as given; empty for none.</param>
    public UuidForgeConfig(Guid namespaceId, string salt = "")
    {
        ArgumentNullException.ThrowIfNull(salt);
        (Namespace, Salt) = (namespaceId, salt);
    }

    /// <summary>The default: the DNS namespace, no salt.</summary>
    public static UuidForgeConfig Default => new(NamespaceIds.Dns);

    /// <summary>The namespace that IDs are derived in.</summary>
    public Guid Namespace { get; }

    /// <summary>The domain that <see cref="Namespace"/> was derived from, if it was.</summary>
    public string? Domain { get; private init; }

    /// <summary>The salt; empty for none.</summary>
    public string Salt { get; }

    /// <summary>
    /// uuid-forge's <c>Namespace(domain)</c>: the domain exactly as given, case and spaces included; even a UUID's text is hashed as a
    /// domain.
    /// </summary>
    /// <exception cref="UuidForgeException">A lone surrogate.</exception>
    public static UuidForgeConfig ForDomain(string domain, string salt = "")
    {
        ArgumentNullException.ThrowIfNull(domain);
        return new(NameBasedUuid.V5(NamespaceIds.Dns, StrictUtf8.Bytes("domain", domain)), salt) { Domain = domain };
    }

    /// <summary>
    /// uuid-forge's <c>load_config_from_env</c>: <c>UUID_FORGE_NAMESPACE</c> (a domain; empty for the default) and <c>UUID_FORGE_SALT</c>,
    /// neither stripped.
    /// </summary>
    /// <param name="variable">Reads a variable; by default the process environment's.</param>
    public static UuidForgeConfig FromEnvironment(Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        var salt = variable("UUID_FORGE_SALT") ?? "";
        return variable("UUID_FORGE_NAMESPACE") is { Length: > 0 } domain ? ForDomain(domain, salt) : new(NamespaceIds.Dns, salt);
    }

    /// <summary>uuid-forge's <c>generate_salt</c>: URL-safe text of so many random bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 16 bytes.</exception>
    public static string GenerateSalt(int bytes = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, MinimumSaltBytes);
        return System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(bytes));
    }

    /// <summary>uuid-forge's <c>validate_config_security</c>, with its texts.</summary>
    /// <param name="strict">Whether a short salt is an error and not only a warning.</param>
    public (bool IsValid, IReadOnlyList<string> Messages) Validate(bool strict = false)
    {
        var (valid, messages) = (true, new List<string>());
        var length = Salt.EnumerateRunes().Count(); // Python counts code points
        if (length == 0)
        {
            valid = false;
            messages.Add(
                "CRITICAL: No salt configured. UUIDs are predictable and may be a security risk. Generate a salt with generate_salt() and "
                + "set UUID_FORGE_SALT environment variable.");
        }
        else if (length < 16)
        {
            valid = !strict;
            messages.Add($"WARNING: Salt is only {length} characters. Recommended minimum is 16 characters for security.");
        }
        else if (length < 32)
        {
            messages.Add($"INFO: Salt is {length} characters. Consider using 32+ characters for optimal security.");
        }

        if (Namespace == NamespaceIds.Dns)
            messages.Add(
                "INFO: Using default DNS namespace. Consider setting a custom namespace via UUID_FORGE_NAMESPACE for better isolation.");
        return (valid, messages);
    }
}

internal static class StrictUtf8
{
    private static readonly UTF8Encoding Encoding = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static byte[] Bytes(string field, string text)
    {
        try
        {
            return Encoding.GetBytes(text);
        }
        catch (EncoderFallbackException error)
        {
            throw new UuidForgeException($"{field}: a lone surrogate U+{(int)error.CharUnknown:X4}, which Python cannot encode");
        }
    }
}
