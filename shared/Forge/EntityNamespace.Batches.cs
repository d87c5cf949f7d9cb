namespace ForgeShop.Forge;

/// <summary>Many keys at once.</summary>
public sealed partial class EntityNamespace
{
    /// <summary>The IDs of many plain keys. All or nothing is not promised: on a refused key the IDs before it have been written.</summary>
    /// <param name="keys">The keys, of the declared kind.</param>
    /// <param name="ids">Where the IDs go, in the same order; at least as long.</param>
    /// <exception cref="ForgeKeyException">A key is refused: <see cref="ForgeKeyException.Index"/> says which one.</exception>
    /// <exception cref="ArgumentException">There is not enough room for the IDs.</exception>
    public void DeriveMany(ReadOnlySpan<string> keys, Span<Guid> ids)
    {
        CheckRoom(keys.Length, ids.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            if (!TryDerive(keys[i].AsSpan(), out ids[i], out var error)) throw new ForgeKeyException(error, i);
        }
    }

    /// <summary>The IDs of many plain keys that lie in one block of UTF-8.</summary>
    /// <param name="utf8">The block.</param>
    /// <param name="keys">Where in the block each key lies.</param>
    /// <param name="ids">Where the IDs go, in the same order; at least as long.</param>
    /// <exception cref="ForgeKeyException">A key is refused: <see cref="ForgeKeyException.Index"/> says which one.</exception>
    /// <exception cref="ArgumentException">There is not enough room for the IDs, or a range lies outside the block.</exception>
    public void DeriveMany(ReadOnlySpan<byte> utf8, ReadOnlySpan<Range> keys, Span<Guid> ids)
    {
        CheckRoom(keys.Length, ids.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            if (!TryDerive(utf8[keys[i]], out ids[i], out var error)) throw new ForgeKeyException(error, i);
        }
    }

    private static void CheckRoom(int keys, int ids)
    {
        if (ids < keys) throw new ArgumentException($"There is room for {ids} IDs and there are {keys} keys.", nameof(ids));
    }
}
