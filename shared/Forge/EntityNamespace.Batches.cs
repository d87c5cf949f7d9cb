namespace ForgeShop.Forge;

/// <summary>Derives many IDs in one call.</summary>
public sealed partial class EntityNamespace
{
    /// <summary>Derives the IDs of many plain keys. If a key is refused, the IDs before it may have been written.</summary>
    /// <param name="keys">The keys, of the declared kind.</param>
    /// <param name="ids">Receives the IDs in the same order; at least as long.</param>
    /// <exception cref="ForgeKeyException">
    /// A key is refused; the exception has the index and the error of the first one. A null is refused as empty. Or the keys of the entity
    /// type are records.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="ids"/> is too short.</exception>
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
    /// Derives the IDs of many plain keys in one block of UTF-8. If a key is refused, the IDs before it may have been written.
    /// </summary>
    /// <param name="utf8">The block.</param>
    /// <param name="keys">The range of each key in the block.</param>
    /// <param name="ids">Receives the IDs in the same order; at least as long.</param>
    /// <exception cref="ForgeKeyException">
    /// A key is refused; the exception has the index and the error of the first one. Or the keys of the entity type are records.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="ids"/> is too short, or a range is outside the block.</exception>
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

    /// <summary>Gets the width of the vectors for batches on this machine: 512, 256 or 128 bits; 0 without vectors.</summary>
    internal static int LaneBits => NameLanes512.IsSupported ? 512 : NameLanes256.IsSupported ? 256 : NameLanes128.IsSupported ? 128 : 0;

    private bool UsesLanes(int keys) => keys >= FewestForLanes && Domain.Algorithm is ForgeAlgorithm.V5 && Type.Shape.Form is KeyForm.Value;

    // False: this machine has no lanes, or a key is refused; then the keys are derived one at a time, which finds the first refused one.
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
