using System.Text;

namespace ForgeShop.Forge;

/// <summary>
/// A domain: the scope of all names, with the algorithm (and secret) that derives all its IDs.
/// Domain → <see cref="EntityNamespace"/> → ID. Immutable and thread-safe; create one and keep it.
/// </summary>
public sealed class ForgeDomain
{
    /// <summary>The minimum length of a secret, in bytes of UTF-8.</summary>
    public const int MinimumSecretBytes = 16;

    private readonly byte[] _secret;

    /// <summary>Creates a domain with <see cref="ForgeAlgorithm.V5"/>, which has no secret.</summary>
    /// <param name="name">The domain: <c>^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$</c>, at most 253 characters. A-Z are lowered.</param>
    /// <exception cref="ForgeConfigurationException">The domain is invalid.</exception>
    public ForgeDomain(string name) : this(name, ForgeAlgorithm.V5)
    {
    }

    /// <summary>Creates a domain with any algorithm.</summary>
    /// <param name="name">The domain: <c>^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$</c>, at most 253 characters. A-Z are lowered.</param>
    /// <param name="algorithm">The algorithm.</param>
    /// <param name="secret">The secret, for <see cref="ForgeAlgorithm.V8HmacSha256"/> and only for it: the UTF-8 bytes of this text,
    /// untrimmed, at least 16 of them.</param>
    /// <exception cref="ForgeConfigurationException">
    /// The domain is invalid; or the secret is missing, too short, not valid UTF-16, or given for an algorithm without a secret.
    /// </exception>
    public ForgeDomain(string name, ForgeAlgorithm algorithm, string? secret = null)
    {
        Name = Lowered(name);
        Algorithm = algorithm;
        _secret = SecretBytes(algorithm, secret);
        // Namespaces are public and the same under every algorithm: always version 5 (RFC 9562 section 6.6 for the DNS
        // namespace).
        Root = NameBasedUuid.V5(NamespaceIds.Dns, Encoding.ASCII.GetBytes(Name));
    }

    /// <summary>Gets the domain in lower case.</summary>
    public string Name { get; }

    /// <summary>Gets the algorithm of all IDs of this domain.</summary>
    public ForgeAlgorithm Algorithm { get; }

    /// <summary>Gets the UUIDv5 of the domain in the DNS namespace of the RFC: the parent of every entity namespace.</summary>
    public Guid Root { get; }

    internal ReadOnlySpan<byte> Secret => _secret;

    /// <summary>Creates the namespace of an entity type.</summary>
    /// <param name="entity">The entity type: <c>^[a-z][a-z0-9_.-]{0,63}$</c>.</param>
    /// <param name="shape">
    /// The shape of all its keys: a <see cref="KeyKind"/> (plain form), <see cref="KeyShape.Record"/> (record form),
    /// or <see cref="KeyShape.AnyRecord"/> if the fields are not known in advance.
    /// </param>
    /// <exception cref="ForgeConfigurationException">The name is invalid, or no key can have this shape.</exception>
    public EntityNamespace Entity(string entity, KeyShape shape) => new(this, new EntityType(entity, shape));

    /// <summary>Creates the namespace of an entity type of a catalogue.</summary>
    /// <param name="type">The entity type.</param>
    public EntityNamespace Entity(EntityType type) => new(this, type);

    private static string Lowered(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var afterDot = true;
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            if (c == '.' && !afterDot) afterDot = true;
            else if (char.IsAsciiLetterOrDigit(c) || c == '-') afterDot = false;
            else throw new ForgeConfigurationException(
                $"The domain has U+{CodePoint.At(name, i):X4} where a letter, digit or hyphen belongs (write non-ASCII domains in their "
                + "xn-- form).");
        }
        // Checked after the characters: the text is ASCII then, and its length is the same in every language.
        if (name.Length is 0 or > 253) throw new ForgeConfigurationException("The domain must have 1 to 253 characters.");
        if (afterDot) throw new ForgeConfigurationException("The domain must not end in a dot.");
        return string.Create(name.Length, name, static (lowered, name) =>
        {
            for (var i = 0; i < name.Length; i++) lowered[i] = char.IsAsciiLetterUpper(name[i]) ? (char)(name[i] | 0x20) : name[i];
        });
    }

    private static byte[] SecretBytes(ForgeAlgorithm algorithm, string? secret)
    {
        if (algorithm is not ForgeAlgorithm.V8HmacSha256)
        {
            var name = algorithm is ForgeAlgorithm.V5 or ForgeAlgorithm.V8Sha256
                ? algorithm.ToName()
                : throw new ForgeConfigurationException("There is no such algorithm.");
            // A secret is set so that IDs cannot be guessed; a fallback to guessable ones would hide the error.
            return secret is null
                ? [] : throw new ForgeConfigurationException(
                $"A secret is set, but the algorithm {name} uses none; choose v8-hmac-sha256 or remove the secret.");
        }
        if (secret is null) throw new ForgeConfigurationException("The algorithm v8-hmac-sha256 needs a secret and none is set.");
        byte[] bytes;
        try
        {
            bytes = new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(secret);
        }
        catch (EncoderFallbackException)
        {
            throw new ForgeConfigurationException("The secret has a lone surrogate, so it has no UTF-8 form.");
        }
        return bytes.Length >= MinimumSecretBytes
            ? bytes
            : throw new ForgeConfigurationException(
                $"The secret has {bytes.Length} bytes of UTF-8; at least {MinimumSecretBytes} are needed.");
    }
}
