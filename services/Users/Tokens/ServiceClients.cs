using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.Users;

/// <summary>
/// The services that may ask for a token of their own: configuration section <c>ServiceClients</c>, a secret under each name. Only
/// hashes are kept: the secrets are random and long, so a fast one does.
/// </summary>
public sealed class ServiceClients
{
    private const int MinSecretLength = 24;
    private readonly Dictionary<string, byte[]> _hashes;

    /// <exception cref="InvalidOperationException">A secret is too short to be left to a fast hash.</exception>
    public ServiceClients(IConfiguration configuration)
    {
        _hashes = configuration.GetSection("ServiceClients").GetChildren().Where(client => client.Value is not null)
            .ToDictionary(client => client.Key, client => Hash(client.Value!), StringComparer.Ordinal);
        if (configuration.GetSection("ServiceClients").GetChildren().FirstOrDefault(client => client.Value?.Length < MinSecretLength) is { } weak)
            throw new InvalidOperationException($"ServiceClients:{weak.Key} has less than {MinSecretLength} characters.");
    }

    public bool Knows(string name, string secret)
    {
        var isKnown = _hashes.TryGetValue(name, out var hash);
        // The same work for a name that nobody has.
        return CryptographicOperations.FixedTimeEquals(Hash(secret), hash ?? new byte[SHA256.HashSizeInBytes]) && isKnown;
    }

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
