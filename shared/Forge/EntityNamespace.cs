using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ForgeShop.Forge;

/// <summary>
/// The namespace of one entity type; derives IDs from keys. Immutable and thread-safe; create one for each entity type and keep it.
/// This file has the plain form; records and batches have files of their own.
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
        // A name needs no escaping: JSON has no special meaning for its letters, digits and three signs.
        _recordPrefix = [.. _namespaceBytes, .. "[\"forge:1\",\""u8, .. Encoding.ASCII.GetBytes(type.Name), .. "\",{"u8];
    }

    /// <summary>Gets the domain, with the algorithm.</summary>
    public ForgeDomain Domain { get; }

    /// <summary>Gets the entity type.</summary>
    public EntityType Type { get; }

    /// <summary>Gets the ID of the namespace: UUIDv5 of the entity type's name in the domain's root, under every algorithm.</summary>
    public Guid Id { get; }

    /// <summary>Returns the ID of a plain key.</summary>
    /// <param name="key">The key, of the declared kind, as a person writes it: the kind rewrites it to its canonical form.</param>
    /// <exception cref="ForgeKeyException">The key is refused (docs/forge-id.md), or the entity type's keys are records.</exception>
    public Guid Derive(ReadOnlySpan<char> key) => TryDerive(key, out var id, out var error) ? id : throw new ForgeKeyException(error);

    /// <summary>Returns the ID of a plain key in UTF-8.</summary>
    /// <param name="utf8Key">The key, of the declared kind.</param>
    /// <exception cref="ForgeKeyException">The key is refused, or the entity type's keys are records.</exception>
    public Guid Derive(ReadOnlySpan<byte> utf8Key) =>
        TryDerive(utf8Key, out var id, out var error) ? id : throw new ForgeKeyException(error);

    /// <summary>Returns the ID of a plain key of kind uuid, for an entity that is one-to-one with another one.</summary>
    /// <param name="key">The other entity's ID.</param>
    /// <exception cref="ForgeKeyException">The entity type's keys are of another kind.</exception>
    public Guid Derive(Guid key)
    {
        if (Type.Shape.Kind is not KeyKind.Uuid) throw new ForgeKeyException(WrongForm(KeyRefusal.WrongKind));
        Span<byte> buffer = stackalloc byte[NameHash.NamespaceSize + Uuid.TextLength + Sha1Name.Slack];
        CanonicalKey.WriteUuid(key, buffer[NameHash.NamespaceSize..], out var written);
        return HashName(buffer, written);
    }

    /// <summary>Derives the ID of a plain key; returns false if the key is refused.</summary>
    /// <param name="key">The key, of the declared kind.</param>
    /// <param name="id">The ID.</param>
    /// <returns>True if the key is accepted.</returns>
    public bool TryDerive(ReadOnlySpan<char> key, out Guid id) => TryDerive(key, out id, out KeyError _);

    /// <summary>Derives the ID of a plain key, or returns the error.</summary>
    /// <param name="key">The key, of the declared kind.</param>
    /// <param name="id">The ID.</param>
    /// <param name="error">The error.</param>
    /// <returns>True if the key is accepted.</returns>
    public bool TryDerive(ReadOnlySpan<char> key, out Guid id, out KeyError error) => TryDerive<char>(key, out id, out error);

    /// <summary>Derives the ID of a plain key in UTF-8; returns false if the key is refused.</summary>
    /// <param name="utf8Key">The key, of the declared kind.</param>
    /// <param name="id">The ID.</param>
    /// <returns>True if the key is accepted.</returns>
    public bool TryDerive(ReadOnlySpan<byte> utf8Key, out Guid id) => TryDerive(utf8Key, out id, out KeyError _);

    /// <summary>Derives the ID of a plain key in UTF-8, or returns the error.</summary>
    /// <param name="utf8Key">The key, of the declared kind.</param>
    /// <param name="id">The ID.</param>
    /// <param name="error">The error.</param>
    /// <returns>True if the key is accepted.</returns>
    public bool TryDerive(ReadOnlySpan<byte> utf8Key, out Guid id, out KeyError error) => TryDerive<byte>(utf8Key, out id, out error);

    /// <summary>Returns whether this is the ID of a plain key; false for a key that is refused.</summary>
    /// <param name="id">The ID.</param>
    /// <param name="key">The key, of the declared kind.</param>
    public bool Verify(Guid id, ReadOnlySpan<char> key) => TryDerive(key, out var derived) && derived == id;

    /// <summary>Returns whether this is the ID of a plain key in UTF-8; false for a key that is refused.</summary>
    /// <param name="id">The ID.</param>
    /// <param name="utf8Key">The key, of the declared kind.</param>
    public bool Verify(Guid id, ReadOnlySpan<byte> utf8Key) => TryDerive(utf8Key, out var derived) && derived == id;

    /// <summary>Returns the name that is hashed for a plain key: its canonical text. For explanations and other implementations.</summary>
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

    /// <summary>The size of the buffer of <see cref="HashName"/> for any key: namespace, longest name and padding.</summary>
    internal const int NameBufferSize = NameHash.NamespaceSize + CanonicalKey.MaxLength + 3 + Sha1Name.Slack;

    /// <summary>
    /// Returns the ID of a name in a buffer of <see cref="NameBufferSize"/>; the name is after the space of the namespace. The rest of the
    /// buffer is overwritten.
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
