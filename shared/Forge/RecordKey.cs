using System.Buffers;
using System.Text;

namespace ForgeShop.Forge;

/// <summary>
/// Builds a record key and derives its ID, without allocation in the common case: up to 16 fields in one record or list, in the caller's
/// buffer or a pooled one. Fields may have any order. The first error is kept, and later input is ignored: <see cref="Derive"/> throws it,
/// <see cref="TryDerive(out Guid, out KeyError)"/> returns it.
/// </summary>
/// <remarks>
/// <code>
/// using var key = orders.NewKey(stackalloc byte[512]);
/// key.Add("user", userId);
/// key.Add("reference", reference);
/// var id = key.Derive();
/// </code>
/// Do not copy the value: a copy would return the same buffer to the pool a second time.
/// </remarks>
public ref partial struct RecordKey
{
    private const int FirstRental = 512;

    private readonly EntityNamespace _entity;
    private Span<byte> _buffer;
    private byte[]? _rented;
    private int _length;
    private Levels _levels;
    private int _depth;
    private FirstEntries _firstEntries;
    private Entry[]? _moreEntries;
    private int _entries;
    private KeyError _error;
    private bool _complete;

    internal RecordKey(EntityNamespace entity, Span<byte> scratch)
    {
        _entity = entity;
        _buffer = scratch;
        if (entity.Type.Shape.Form is not KeyForm.Record)
        {
            _error = new KeyError(KeyRefusal.WrongShape, entity.Type.Name, null, null, null);
            return;
        }
        Write(entity.RecordPrefix);
        Open(isRecord: true, entity.Type.Shape.IsAny ? null : entity.Type.Shape, entry: -1);
    }

    /// <summary>Returns the ID of the key.</summary>
    /// <exception cref="ForgeKeyException">The key is refused; the exception has the first error.</exception>
    /// <exception cref="InvalidOperationException">A list or nested record was begun and not ended.</exception>
    public Guid Derive() => TryDerive(out var id, out var error) ? id : throw new ForgeKeyException(error);

    /// <summary>Derives the ID of the key; returns false if the key is refused.</summary>
    /// <param name="id">The ID.</param>
    /// <returns>True if the key is accepted.</returns>
    public bool TryDerive(out Guid id) => TryDerive(out id, out _);

    /// <summary>Derives the ID of the key, or returns its first error.</summary>
    /// <param name="id">The ID.</param>
    /// <param name="error">The first error.</param>
    /// <returns>True if the key is accepted.</returns>
    /// <exception cref="InvalidOperationException">A list or nested record was begun and not ended.</exception>
    public bool TryDerive(out Guid id, out KeyError error)
    {
        Complete();
        error = _error;
        id = Failed ? default : _entity.Hash(_buffer[.._length]);
        return !Failed;
    }

    /// <summary>Returns whether this is the ID of the key; false for a key that is refused.</summary>
    /// <param name="id">The ID.</param>
    public bool Verify(Guid id) => TryDerive(out var derived) && derived == id;

    /// <summary>Returns the name that is hashed: RFC 8785 JSON.</summary>
    /// <exception cref="ForgeKeyException">The key is refused; the exception has the first error.</exception>
    public string GetName()
    {
        Complete();
        return Failed ? throw new ForgeKeyException(_error) : Encoding.UTF8.GetString(_buffer[NameHash.NamespaceSize.._length]);
    }

    /// <summary>Returns the pooled buffers. The key cannot be used afterwards.</summary>
    public void Dispose()
    {
        if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
        if (_moreEntries is not null) ArrayPool<Entry>.Shared.Return(_moreEntries);
        _rented = null;
        _moreEntries = null;
        _buffer = default;
    }

    private readonly bool Failed => _error.Refusal is not KeyRefusal.None;

    private void Complete()
    {
        if (_complete || Failed) return;
        if (_depth != 1) throw new InvalidOperationException("A list or nested record of the key was begun and not ended.");
        Close();
        Write((byte)']');
        _complete = true;
    }

    private void Fail(KeyRefusal refusal, KeyKind? kind = null, int codePoint = -1, string? field = null)
    {
        _error = new KeyError(refusal, _entity.Type.Name, Path(field), kind, codePoint < 0 ? null : codePoint);
    }

    private void Write(byte value)
    {
        Reserve(1);
        _buffer[_length++] = value;
    }

    private void Write(scoped ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer[_length..]);
        _length += bytes.Length;
    }

    private void Reserve(int size)
    {
        if (_buffer.Length - _length < size) Grow(size);
    }

    private void Grow(int size)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_length + size), Math.Max(_buffer.Length * 2, FirstRental)));
        _buffer[.._length].CopyTo(larger);
        if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
        _buffer = _rented = larger;
    }
}
