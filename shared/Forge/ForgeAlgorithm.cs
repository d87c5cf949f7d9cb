namespace ForgeShop.Forge;

/// <summary>The algorithm that derives an ID from a name.</summary>
public enum ForgeAlgorithm
{
    /// <summary><c>v5</c>: UUID version 5, SHA-1 over namespace and name (RFC 9562 section 5.5). Needs no secret.</summary>
    V5,

    /// <summary>
    /// <c>v8-sha256</c>: UUID version 8, the first 16 bytes of SHA-256 over the same bytes (RFC 9562 section 5.8 and B.2).
    /// </summary>
    V8Sha256,

    /// <summary>
    /// <c>v8-hmac-sha256</c>: UUID version 8 from HMAC-SHA-256 with a secret: without the secret, an ID can neither be guessed nor
    /// confirmed.
    /// </summary>
    V8HmacSha256,
}

/// <summary>The names of the algorithms in configuration, command line and vectors.</summary>
public static class ForgeAlgorithms
{
    /// <summary>Returns the name: <c>v5</c>, <c>v8-sha256</c> or <c>v8-hmac-sha256</c>.</summary>
    /// <param name="algorithm">The algorithm.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is not declared.</exception>
    public static string ToName(this ForgeAlgorithm algorithm) => algorithm switch
    {
        ForgeAlgorithm.V5 => "v5",
        ForgeAlgorithm.V8Sha256 => "v8-sha256",
        ForgeAlgorithm.V8HmacSha256 => "v8-hmac-sha256",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), "There is no such algorithm."),
    };

    /// <summary>Parses a name: lower case, without spaces.</summary>
    /// <param name="name">The name.</param>
    /// <param name="algorithm">The algorithm with this name.</param>
    /// <returns>True if the name is known.</returns>
    public static bool TryParse(string? name, out ForgeAlgorithm algorithm)
    {
        (var known, algorithm) = name switch
        {
            "v5" => (true, ForgeAlgorithm.V5),
            "v8-sha256" => (true, ForgeAlgorithm.V8Sha256),
            "v8-hmac-sha256" => (true, ForgeAlgorithm.V8HmacSha256),
            _ => (false, default),
        };
        return known;
    }
}
