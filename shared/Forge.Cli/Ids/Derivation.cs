using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.Forge.Cli;

/// <summary>
/// The steps from a key to its ID. The digest comes from the framework, so the output can be compared with the derived ID.
/// </summary>
internal sealed class Derivation
{
    public Derivation(EntityNamespace entity, KeyInput key)
    {
        Name = key.Name(entity);
        NameBytes = Encoding.UTF8.GetBytes(Name);
        Hashed = [.. Uuid.ToBytes(entity.Id), .. NameBytes];
        Id = key.Derive(entity);
#pragma warning disable CA5350 // RFC 9562 defines version 5 by SHA-1.
        (HashName, Version, Digest) = entity.Domain.Algorithm switch
        {
            ForgeAlgorithm.V5 => ("SHA-1", 5, SHA1.HashData(Hashed)),
            ForgeAlgorithm.V8Sha256 => ("SHA-256", 8, SHA256.HashData(Hashed)),
            _ => ("HMAC-SHA-256", 8, (byte[]?)null), // needs the secret, which the library does not expose
        };
#pragma warning restore CA5350
    }

    public string Name { get; }

    public byte[] NameBytes { get; }

    public byte[] Hashed { get; }

    public string HashName { get; }

    public int Version { get; }

    public byte[]? Digest { get; }

    public Guid Id { get; }
}
