namespace ForgeShop.Forge;

/// <summary>The record form.</summary>
public sealed partial class EntityNamespace
{
    private const int RecordScratch = 512;
    private const string PlainField = "key";

    /// <summary>Begins a record key. Dispose it, so that its buffer goes back to the pool.</summary>
    public RecordKey NewKey() => new(this, default);

    /// <summary>
    /// Begins a record key in a buffer of the caller's (<c>stackalloc byte[512]</c> does for most); a larger key moves to a pooled one.
    /// </summary>
    /// <param name="scratch">The buffer. It must outlive the key.</param>
    public RecordKey NewKey(Span<byte> scratch) => new(this, scratch);

    /// <summary>
    /// The ID of a record key: <c>orders.Derive(("user", userId), ("reference", "cart-1"))</c>. The order of the fields does not matter.
    /// </summary>
    /// <param name="fields">The fields.</param>
    /// <exception cref="ForgeKeyException">A field is refused, missing, unknown or given twice, or the entity type's keys are
    /// plain.</exception>
    public Guid Derive(params ReadOnlySpan<(string Field, KeyValue Value)> fields) =>
        TryDerive(fields, out var id, out var error) ? id : throw new ForgeKeyException(error);

    /// <summary>The ID of a record key, unless it is refused.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="id">The ID.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryDerive(ReadOnlySpan<(string Field, KeyValue Value)> fields, out Guid id) => TryDerive(fields, out id, out _);

    /// <summary>The ID of a record key, or what is wrong with it.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="id">The ID.</param>
    /// <param name="error">What is wrong.</param>
    /// <returns>Whether there is an ID.</returns>
    public bool TryDerive(ReadOnlySpan<(string Field, KeyValue Value)> fields, out Guid id, out KeyError error)
    {
        using var key = NewKey(stackalloc byte[RecordScratch]);
        foreach (var (field, value) in fields) key.Add(field, value);
        return key.TryDerive(out id, out error);
    }

    /// <summary>Whether an ID is the one of a record key. A key that is refused has no ID, so the answer is no.</summary>
    /// <param name="id">The ID.</param>
    /// <param name="fields">The fields.</param>
    public bool Verify(Guid id, params ReadOnlySpan<(string Field, KeyValue Value)> fields) =>
        TryDerive(fields, out var derived) && derived == id;

    /// <summary>The name that is hashed for a record key: RFC 8785 JSON. For explanations and other implementations.</summary>
    /// <param name="fields">The fields.</param>
    /// <exception cref="ForgeKeyException">The key is refused.</exception>
    public string GetName(params ReadOnlySpan<(string Field, KeyValue Value)> fields)
    {
        using var key = NewKey(stackalloc byte[RecordScratch]);
        foreach (var (field, value) in fields) key.Add(field, value);
        return key.GetName();
    }

    /// <summary>
    /// The ID of a key that arrives as named texts (a query string, a command line). A record's fields have their own names; a plain key is
    /// the one field <c>key</c>. Lists and nested records cannot be written that way and are refused.
    /// </summary>
    /// <param name="fields">The fields.</param>
    /// <param name="id">The ID.</param>
    /// <param name="error">What is wrong.</param>
    /// <returns>Whether there is an ID.</returns>
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
