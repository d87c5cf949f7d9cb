using System.Text;

namespace ForgeShop.Forge;

/// <summary>
/// Who gives the names: a domain, with the algorithm (and secret) by which all its IDs are derived.
/// Domain → <see cref="EntityNamespace"/> → ID. Immutable and thread-safe; make one and keep it.
/// </summary>
public sealed class ForgeDomain
{
    /// <summary>The shortest secret, in bytes of UTF-8.</summary>
    public const int MinimumSecretBytes = 16;

    private readonly byte[] _secret;

    /// <summary>A domain without a secret (<see cref="ForgeAlgorithm.V5"/>): its IDs can be derived without one.</summary>
    /// <param name="name">The domain: <c>^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$</c>, at most 253 characters. A-Z are lowered.</param>
    /// <exception cref="ForgeConfigurationException">Not such a domain.</exception>
    public ForgeDomain(string name) : this(name, ForgeAlgorithm.V5)
    {
    }

    /// <summary>A domain with an algorithm of its own.</summary>
    /// <param name="name">The domain: <c>^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$</c>, at most 253 characters. A-Z are lowered.</param>
    /// <param name="algorithm">The algorithm.</param>
    /// <param name="secret">The secret, for <see cref="ForgeAlgorithm.V8HmacSha256"/> and only for it: the UTF-8 bytes of this text,
    /// untrimmed, at least 16 of them.</param>
    /// <exception cref="ForgeConfigurationException">
    /// Not such a domain; or the secret is missing, short, not encodable in UTF-8, or given to an algorithm that has none.
    /// </exception>
    public ForgeDomain(string name, ForgeAlgorithm algorithm, string? secret = null)
    {
        Name = Lowered(name);
        Algorithm = algorithm;
        _secret = SecretBytes(algorithm, secret);
        // Namespaces are public knowledge and the same under every algorithm: always version 5 (RFC 9562 section 6.6 for the DNS
        // namespace).
        Root = NameBasedUuid.V5(NamespaceIds.Dns, Encoding.ASCII.GetBytes(Name));
    }

    /// <summary>The domain in lower case.</summary>
    public string Name { get; }

    /// <summary>The algorithm of every ID of this domain.</summary>
    public ForgeAlgorithm Algorithm { get; }

    /// <summary>UUIDv5 of the domain in the RFC's DNS namespace; the parent of every entity namespace.</summary>
    public Guid Root { get; }

    internal ReadOnlySpan<byte> Secret => _secret;

    /// <summary>The namespace of an entity type.</summary>
    /// <param name="entity">The entity type: <c>^[a-z][a-z0-9_.-]{0,63}$</c>.</param>
    /// <param name="shape">
    /// The one shape that its keys have: a <see cref="KeyKind"/> (plain form), <see cref="KeyShape.Record"/> (record form),
    /// or <see cref="KeyShape.AnyRecord"/> where the fields are not known beforehand.
    /// </param>
    /// <exception cref="ForgeConfigurationException">Not such a name, or a shape that no key can have.</exception>
    public EntityNamespace Entity(string entity, KeyShape shape) => new(this, new EntityType(entity, shape));

    /// <summary>The namespace of an entity type of a catalogue.</summary>
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
        // After the characters, so that what is counted is ASCII and every language counts alike.
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
