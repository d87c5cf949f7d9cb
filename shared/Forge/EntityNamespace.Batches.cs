namespace ForgeShop.Forge;

/// <summary>Many keys at once.</summary>
public sealed partial class EntityNamespace
{
    /// <summary>The IDs of many plain keys. All or nothing is not promised: on a refused key the IDs before it have been written.</summary>
    /// <param name="keys">The keys, of the declared kind.</param>
    /// <param name="ids">Where the IDs go, in the same order; at least as long.</param>
    /// <exception cref="ForgeKeyException">
    /// A key is refused: <see cref="ForgeKeyException.Index"/> says which one, the first, and <see cref="ForgeKeyException.Error"/> why; a
    /// null is refused as empty. Or the entity type's keys are records.
    /// </exception>
    /// <exception cref="ArgumentException">There is not enough room for the IDs.</exception>
    public void DeriveMany(ReadOnlySpan<string> keys, Span<Guid> ids)
    {
        CheckRoom(keys.Length, ids.Length);
        if (UsesLanes(keys.Length) && TryLanes(keys, ids)) return;
        for (var i = 0; i < keys.Length; i++)
        {
            if (!TryDerive(keys[i].AsSpan(), out ids[i], out var error)) throw new ForgeKeyException(error, i);
        }
    }

    /// <summary>
    /// The IDs of many plain keys that lie in one block of UTF-8. All or nothing is not promised: on a refused key the IDs before it have
    /// been written.
    /// </summary>
    /// <param name="utf8">The block.</param>
    /// <param name="keys">Where in the block each key lies.</param>
    /// <param name="ids">Where the IDs go, in the same order; at least as long.</param>
    /// <exception cref="ForgeKeyException">
    /// A key is refused: <see cref="ForgeKeyException.Index"/> says which one, the first, and <see cref="ForgeKeyException.Error"/> why. Or
    /// the entity type's keys are records.
    /// </exception>
    /// <exception cref="ArgumentException">There is not enough room for the IDs, or a range lies outside the block.</exception>
    public void DeriveMany(ReadOnlySpan<byte> utf8, ReadOnlySpan<Range> keys, Span<Guid> ids)
    {
        CheckRoom(keys.Length, ids.Length);
        if (UsesLanes(keys.Length) && TryLanes(utf8, keys, ids)) return;
        for (var i = 0; i < keys.Length; i++)
        {
            if (!TryDerive(utf8[keys[i]], out ids[i], out var error)) throw new ForgeKeyException(error, i);
        }
    }

    private const int FewestForLanes = 4;

    /// <summary>How wide the vectors are in which batches are hashed on this machine: 512, 256 or 128 bits; 0 if one at a time.</summary>
    internal static int LaneBits => NameLanes512.IsSupported ? 512 : NameLanes256.IsSupported ? 256 : NameLanes128.IsSupported ? 128 : 0;

    private bool UsesLanes(int keys) => keys >= FewestForLanes && Domain.Algorithm is ForgeAlgorithm.V5 && Type.Shape.Form is KeyForm.Value;

    // False: there are no lanes here, or a key is refused, and then one at a time finds out which one is the first.
    private bool TryLanes(ReadOnlySpan<string> keys, Span<Guid> ids) => LaneBits switch
    {
        512 => NameBatch<NameLanes512>.TryDerive(this, keys, ids),
        256 => NameBatch<NameLanes256>.TryDerive(this, keys, ids),
        128 => NameBatch<NameLanes128>.TryDerive(this, keys, ids),
        _ => false,
    };

    private bool TryLanes(ReadOnlySpan<byte> utf8, ReadOnlySpan<Range> keys, Span<Guid> ids) => LaneBits switch
    {
        512 => NameBatch<NameLanes512>.TryDerive(this, utf8, keys, ids),
        256 => NameBatch<NameLanes256>.TryDerive(this, utf8, keys, ids),
        128 => NameBatch<NameLanes128>.TryDerive(this, utf8, keys, ids),
        _ => false,
    };

    private static void CheckRoom(int keys, int ids)
    {
        if (ids < keys) throw new ArgumentException($"There is room for {ids} IDs and there are {keys} keys.", nameof(ids));
    }
}
