namespace ForgeShop.Documents;

/// <summary>
/// Which documents, in which order, which page: conditions on declared fields (all must hold), one declared field to order by (the
/// ID decides between equals; without a field the ID orders), a limit and a cursor. Immutable: each call returns a new query.
/// </summary>
public sealed class DocumentQuery<T> where T : class
{
    public const int DefaultLimit = 50;
    public const int MaximumLimit = 500;

    internal enum Comparison
    {
        Equal,
        AtLeast,
        Below,
    }

    internal sealed record Condition(DocumentField<T> Field, Comparison Comparison, object Value);

    internal IReadOnlyList<Condition> Conditions { get; private init; } = [];
    internal DocumentField<T>? Order { get; private init; }
    internal bool Descending { get; private init; }
    internal int Limit { get; private init; } = DefaultLimit;
    internal string? Cursor { get; private init; }

    public DocumentQuery<T> Where<TValue>(DocumentField<T, TValue> field, TValue value) where TValue : notnull => With(field, Comparison.Equal, value);

    /// <summary>Half of a range: <paramref name="value"/> itself included.</summary>
    public DocumentQuery<T> AtLeast<TValue>(DocumentField<T, TValue> field, TValue value) where TValue : notnull => With(field, Comparison.AtLeast, value);

    /// <summary>Half of a range: <paramref name="value"/> itself excluded.</summary>
    public DocumentQuery<T> Below<TValue>(DocumentField<T, TValue> field, TValue value) where TValue : notnull => With(field, Comparison.Below, value);

    public DocumentQuery<T> OrderBy(DocumentField<T> field) => Copy(order: field, descending: false);

    public DocumentQuery<T> OrderByDescending(DocumentField<T> field) => Copy(order: field, descending: true);

    /// <param name="cursor">What the page before said (<see cref="DocumentPage{T}.NextCursor"/>); null for the first page.</param>
    /// <param name="limit">At most so many documents, 1 to <see cref="MaximumLimit"/>.</param>
    public DocumentQuery<T> Page(string? cursor, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaximumLimit);
        return new() { Conditions = Conditions, Order = Order, Descending = Descending, Limit = limit, Cursor = cursor };
    }

    private DocumentQuery<T> With<TValue>(DocumentField<T, TValue> field, Comparison comparison, TValue value) where TValue : notnull =>
        Copy(new Condition(field, comparison, DocumentField<T, TValue>.Normalise(value)!));

    private DocumentQuery<T> Copy(Condition? condition = null, DocumentField<T>? order = null, bool? descending = null) => new()
    {
        Conditions = condition is null ? Conditions : [.. Conditions, condition],
        Order = order ?? Order,
        Descending = descending ?? Descending,
        Limit = Limit,
        Cursor = Cursor,
    };

    /// <summary>Refuses a field that no index of the collection knows.</summary>
    internal void Check(DocumentModel<T> model)
    {
        foreach (var field in Conditions.Select(condition => condition.Field).Append(Order))
        {
            if (field is not null && !model.Fields.Contains(field))
                throw new ArgumentException($"Collection '{model.Name}' declares no index with the field '{field.Name}'.");
        }
    }
}
