namespace ForgeShop.Contracts;

/// <summary>
/// The namespace of one entity type with the number of IDs derived in it. Forge itself counts nothing. A derivation costs one interlocked
/// increment more and allocates nothing; the meter reads the numbers when it collects.
/// </summary>
internal sealed class CountedNamespace(EntityNamespace ids)
{
    private long _derived;
    private long _mismatched;

    public EntityNamespace Ids => ids;

    public string EntityType => ids.Type.Name;

    public long Derived => Interlocked.Read(ref _derived);

    public long Mismatched => Interlocked.Read(ref _mismatched);

    public Guid Derive(ReadOnlySpan<char> key) => TryDerive(key, out var id, out var error) ? id : throw new ForgeKeyException(error);

    public Guid Derive(Guid key)
    {
        Interlocked.Increment(ref _derived);
        return ids.Derive(key);
    }

    public Guid Derive(params ReadOnlySpan<(string Field, KeyValue Value)> fields) =>
        TryDerive(fields, out var id, out var error) ? id : throw new ForgeKeyException(error);

    public bool TryDerive(ReadOnlySpan<char> key, out Guid id, out KeyError error) => Count(ids.TryDerive(key, out id, out error));

    public bool TryDerive(ReadOnlySpan<(string Field, KeyValue Value)> fields, out Guid id, out KeyError error) =>
        Count(ids.TryDerive(fields, out id, out error));

    public bool TryDeriveText(IEnumerable<KeyValuePair<string, string?>> fields, out Guid id, out KeyError error) =>
        Count(ids.TryDeriveText(fields, out id, out error));

    public void CountMismatch() => Interlocked.Increment(ref _mismatched);

    /// <summary>Counts an ID; a refused key has none.</summary>
    private bool Count(bool isDerived)
    {
        if (isDerived)
            Interlocked.Increment(ref _derived);
        return isDerived;
    }
}
