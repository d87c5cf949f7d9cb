namespace ForgeShop.Forge;

/// <summary>Derives IDs of record keys.</summary>
public sealed partial class EntityNamespace
{
    private const int RecordScratch = 512;
    private const string PlainField = "key";

    /// <summary>Begins a record key. Dispose it: this returns its buffer to the pool.</summary>
    public RecordKey NewKey() => new(this, default);

    /// <summary>
    /// Begins a record key in the caller's buffer (<c>stackalloc byte[512]</c> suffices for most keys); a larger key moves to a pooled one.
    /// </summary>
    /// <param name="scratch">The buffer. It must outlive the key.</param>
    public RecordKey NewKey(Span<byte> scratch) => new(this, scratch);

    /// <summary>
    /// Returns the ID of a record key: <c>orders.Derive(("user", userId), ("reference", "cart-1"))</c>. The order of the fields has no
    /// effect.
    /// </summary>
    /// <param name="fields">The fields.</param>
    /// <exception cref="ForgeKeyException">A field is refused, missing, unknown or given twice, or the entity type's keys are
    /// plain.</exception>
    public Guid Derive(params ReadOnlySpan<(string Field, KeyValue Value)> fields) =>
        TryDerive(fields, out var id, out var error) ? id : throw new ForgeKeyException(error);

    /// <summary>Derives the ID of a record key; returns false if the key is refused.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="id">The ID.</param>
    /// <returns>True if the key is accepted.</returns>
    public bool TryDerive(ReadOnlySpan<(string Field, KeyValue Value)> fields, out Guid id) => TryDerive(fields, out id, out _);

    /// <summary>Derives the ID of a record key, or returns the error.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="id">The ID.</param>
    /// <param name="error">The error.</param>
    /// <returns>True if the key is accepted.</returns>
    public bool TryDerive(ReadOnlySpan<(string Field, KeyValue Value)> fields, out Guid id, out KeyError error)
    {
        using var key = NewKey(stackalloc byte[RecordScratch]);
        foreach (var (field, value) in fields) key.Add(field, value);
        return key.TryDerive(out id, out error);
    }

    /// <summary>Returns whether this is the ID of a record key; false for a key that is refused.</summary>
    /// <param name="id">The ID.</param>
    /// <param name="fields">The fields.</param>
    public bool Verify(Guid id, params ReadOnlySpan<(string Field, KeyValue Value)> fields) =>
        TryDerive(fields, out var derived) && derived == id;

    /// <summary>Returns the name that is hashed for a record key: RFC 8785 JSON. For explanations and other implementations.</summary>
    /// <param name="fields">The fields.</param>
    /// <exception cref="ForgeKeyException">The key is refused.</exception>
    public string GetName(params ReadOnlySpan<(string Field, KeyValue Value)> fields)
    {
        using var key = NewKey(stackalloc byte[RecordScratch]);
        foreach (var (field, value) in fields) key.Add(field, value);
        return key.GetName();
    }

    /// <summary>
    /// Derives the ID of a key of named texts (a query string, a command line). The fields of a record have their own names; a plain key is
    /// the one field <c>key</c>. Lists and nested records are refused.
    /// </summary>
    /// <param name="fields">The fields.</param>
    /// <param name="id">The ID.</param>
    /// <param name="error">The error.</param>
    /// <returns>True if the key is accepted.</returns>
    public bool TryDeriveText(IEnumerable<KeyValuePair<string, string?>> fields, out Guid id, out KeyError error)
    {
        ArgumentNullException.ThrowIfNull(fields);
        if (Type.Shape.Form is KeyForm.Value) return TryDerivePlainText(fields, out id, out error);
        using var key = NewKey(stackalloc byte[RecordScratch]);
        foreach (var (field, text) in fields) key.Add(field, (KeyValue)text);
        return key.TryDerive(out id, out error);
    }

    private bool TryDerivePlainText(IEnumerable<KeyValuePair<string, string?>> fields, out Guid id, out KeyError error)
    {
        id = default;
        string? key = null;
        var given = false;
        foreach (var (field, text) in fields)
        {
            if (given || field is not PlainField)
            {
                var refusal = field is PlainField ? KeyRefusal.DuplicateField : KeyRefusal.UnknownField;
                error = new KeyError(refusal, Type.Name, FieldName.IsValid(field) ? field : null, null, null);
                return false;
            }
            (key, given) = (text, true);
        }
        if (key is not null) return TryDerive(key, out id, out error);
        error = new KeyError(KeyRefusal.MissingField, Type.Name, PlainField, null, null);
        return false;
    }
}
