using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ForgeShop.Forge;

/// <summary>
/// The namespace of one entity type: from keys to IDs. Immutable and thread-safe; make one per entity type and keep it.
/// The plain form is in this file, records and batches beside it.
/// </summary>
public sealed partial class EntityNamespace
{
    private readonly byte[] _namespaceBytes;
    private readonly byte[] _recordPrefix;
    private readonly Sha1Namespace _sha1;
    private readonly bool _isV5Text;

    internal EntityNamespace(ForgeDomain domain, EntityType type)
    {
        ArgumentNullException.ThrowIfNull(type);
        Domain = domain;
        Type = type;
        Id = NameBasedUuid.V5(domain.Root, Encoding.ASCII.GetBytes(type.Name));
        _namespaceBytes = Uuid.ToBytes(Id);
        _sha1 = new Sha1Namespace(_namespaceBytes);
        _isV5Text = Sha1Name.IsSupported && domain.Algorithm is ForgeAlgorithm.V5 && type.Shape.Form is KeyForm.Value
            && type.Shape.Kind is KeyKind.Text;
        // A name needs no escaping: its letters, digits and three signs mean nothing to JSON.
        _recordPrefix = [.. _namespaceBytes, .. "[\"forge:1\",\""u8, .. Encoding.ASCII.GetBytes(type.Name), .. "\",{"u8];
    }

    /// <summary>The domain, with the algorithm.</summary>
    public ForgeDomain Domain { get; }

    /// <summary>The entity type.</summary>
    public EntityType Type { get; }

    /// <summary>The namespace's own ID: UUIDv5 of the entity type's name in the domain's root, under every algorithm.</summary>
    public Guid Id { get; }

    /// <summary>The ID of a plain key.</summary>
    /// <param name="key">The key, of the declared kind, as people write it: the kind brings it to its canonical form.</param>
    /// <exception cref="ForgeKeyException">The key is refused (docs/forge-id.md), or the entity type's keys are records.</exception>
    public Guid Derive(ReadOnlySpan<char> key) => TryDerive(key, out var id, out var error) ? id : throw new ForgeKeyException(error);

    /// <summary>The ID of a plain key in UTF-8.</summary>
    /// <param name="utf8Key">The key, of the declared kind.</param>
    /// <exception cref="ForgeKeyException">The key is refused, or the entity type's keys are records.</exception>
    public Guid Derive(ReadOnlySpan<byte> utf8Key) =>
        TryDerive(utf8Key, out var id, out var error) ? id : throw new ForgeKeyException(error);

    /// <summary>The ID of a plain key of kind uuid: what an entity that is one-to-one with another one is called.</summary>
    /// <param name="key">The other entity's ID.</param>
    /// <exception cref="ForgeKeyException">The entity type's keys are of another kind.</exception>
    public Guid Derive(Guid key)
    {
        if (Type.Shape.Kind is not KeyKind.Uuid) throw new ForgeKeyException(WrongForm(KeyRefusal.WrongKind));
        Span<byte> buffer = stackalloc byte[NameHash.NamespaceSize + Uuid.TextLength + Sha1Name.Slack];
        CanonicalKey.WriteUuid(key, buffer[NameHash.NamespaceSize..], out var written);
        return HashName(buffer, written);
    }

    /// <summary>The ID of a plain key, unless the key is refused.</summary>
    /// <param name="key">The key, of the declared kind.</param>
    /// <param name="id">The ID.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryDerive(ReadOnlySpan<char> key, out Guid id) => TryDerive(key, out id, out KeyError _);

    /// <summary>The ID of a plain key, or what is wrong with the key.</summary>
    /// <param name="key">The key, of the declared kind.</param>
    /// <param name="id">The ID.</param>
    /// <param name="error">What is wrong.</param>
    /// <returns>Whether there is an ID.</returns>
    public bool TryDerive(ReadOnlySpan<char> key, out Guid id, out KeyError error) => TryDerive<char>(key, out id, out error);

    /// <summary>The ID of a plain key in UTF-8, unless the key is refused.</summary>
    /// <param name="utf8Key">The key, of the declared kind.</param>
    /// <param name="id">The ID.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryDerive(ReadOnlySpan<byte> utf8Key, out Guid id) => TryDerive(utf8Key, out id, out KeyError _);

    /// <summary>The ID of a plain key in UTF-8, or what is wrong with the key.</summary>
    /// <param name="utf8Key">The key, of the declared kind.</param>
    /// <param name="id">The ID.</param>
    /// <param name="error">What is wrong.</param>
    /// <returns>Whether there is an ID.</returns>
    public bool TryDerive(ReadOnlySpan<byte> utf8Key, out Guid id, out KeyError error) => TryDerive<byte>(utf8Key, out id, out error);

    /// <summary>Whether an ID is the one of a plain key. A key that is refused has no ID, so the answer is no.</summary>
    /// <param name="id">The ID.</param>
    /// <param name="key">The key, of the declared kind.</param>
    public bool Verify(Guid id, ReadOnlySpan<char> key) => TryDerive(key, out var derived) && derived == id;

    /// <summary>Whether an ID is the one of a plain key in UTF-8. A key that is refused has no ID, so the answer is no.</summary>
    /// <param name="id">The ID.</param>
    /// <param name="utf8Key">The key, of the declared kind.</param>
    public bool Verify(Guid id, ReadOnlySpan<byte> utf8Key) => TryDerive(utf8Key, out var derived) && derived == id;

    /// <summary>The name that is hashed for a plain key: its canonical text. For explanations and other implementations.</summary>
    /// <param name="key">The key, of the declared kind.</param>
    /// <exception cref="ForgeKeyException">The key is refused, or the entity type's keys are records.</exception>
    public string GetName(ReadOnlySpan<char> key)
    {
        Span<byte> name = stackalloc byte[CanonicalKey.MaxLength + 3];
        return TryCanonical(key, name, out var written, out var error)
            ? Encoding.UTF8.GetString(name[..written]) : throw new ForgeKeyException(error);
    }

    internal ref readonly Sha1Namespace Sha1 => ref _sha1;

    internal ReadOnlySpan<byte> RecordPrefix => _recordPrefix;

    /// <summary>What <see cref="HashName"/> takes for any key: the namespace, the longest name, what is written beyond either.</summary>
    internal const int NameBufferSize = NameHash.NamespaceSize + CanonicalKey.MaxLength + 3 + Sha1Name.Slack;

    /// <summary>
    /// The ID of a name in a buffer of <see cref="NameBufferSize"/>, after room for the namespace. The rest of the buffer is overwritten.
    /// </summary>
    internal Guid HashName(Span<byte> buffer, int nameLength)
    {
        if (Sha1Name.IsSupported && Domain.Algorithm is ForgeAlgorithm.V5) return Sha1Name.HashPadded(_sha1, buffer, nameLength);
        _namespaceBytes.CopyTo(buffer);
        return Hash(buffer[..(NameHash.NamespaceSize + nameLength)]);
    }

    internal Guid Hash(ReadOnlySpan<byte> namespaceAndName) => NameHash.Compute(Domain.Algorithm, Domain.Secret, namespaceAndName);

    private bool TryDerive<T>(ReadOnlySpan<T> key, out Guid id, out KeyError error) where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        if (typeof(T) == typeof(char) && _isV5Text && Sha1Name.TryHashText(_sha1, MemoryMarshal.Cast<T, char>(key), out id))
        {
            error = default;
            return true;
        }
        return TryDeriveBuffered(key, out id, out error);
    }

    [SkipLocalsInit]
    private bool TryDeriveBuffered<T>(ReadOnlySpan<T> key, out Guid id, out KeyError error)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        Span<byte> buffer = stackalloc byte[NameBufferSize];
        if (!TryCanonical(key, buffer[NameHash.NamespaceSize..], out var written, out error))
        {
            id = default;
            return false;
        }
        id = HashName(buffer, written);
        return true;
    }

    internal bool TryCanonical<T>(ReadOnlySpan<T> key, Span<byte> destination, out int written, out KeyError error)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        error = default;
        if (Type.Shape.Form is not KeyForm.Value)
        {
            written = 0;
            error = WrongForm(KeyRefusal.WrongShape);
            return false;
        }
        var kind = Type.Shape.ValueKind;
        var refusal = CanonicalKey.Write(kind, key, destination, out written, out var codePoint);
        if (refusal is KeyRefusal.None) return true;
        error = new KeyError(refusal, Type.Name, null, kind, codePoint < 0 ? null : codePoint);
        return false;
    }

    private KeyError WrongForm(KeyRefusal refusal) => new(refusal, Type.Name, null, Type.Shape.Kind, null);
}
