using System.Text.Json.Serialization.Metadata;

namespace ForgeShop.Documents;

/// <summary>
/// Declares a collection: its name, the JSON form of its documents, and its indexes. Queries may use only the fields of an index, so
/// that none of them scans the collection. Names are constants of the code: letters, digits and underscores.
/// </summary>
public sealed record DocumentModel<T>(string Name, JsonTypeInfo<T> Json, params DocumentField<T>[][] Indexes) where T : class
{
    internal DocumentField<T>[] Fields { get; } = [.. Indexes.SelectMany(index => index).Distinct()];

    /// <summary>Reads a page with the adapter's <paramref name="find"/>, which gets the end of the page before and a limit.</summary>
    internal async Task<DocumentPage<T>> ReadPageAsync(DocumentQuery<T> query, Func<DocumentPosition?, int, Task<List<Document<T>>>> find)
    {
        if ((query.Where?.Field ?? query.OrderBy) is { } field && !(Fields.Contains(field) && Fields.Contains(query.OrderBy ?? field)))
            throw new ArgumentException($"Collection '{Name}' declares no index with the fields of the query.");
        // One document more than the limit shows whether there is a next page.
        var found = await find(query.ReadCursor(Name), query.Limit + 1);
        if (found.Count <= query.Limit)
            return new(found, null);
        found.RemoveAt(query.Limit);
        return new(found, query.WriteCursor(Name, new(query.OrderBy?.ValueOf(found[^1].Value), found[^1].Id)));
    }
}

/// <summary>
/// A value of a document that queries may use. Each write computes it and stores it beside the document in a comparable type, so that all
/// stores compare alike: UUIDs and text by byte, numbers by value. A document with a null value matches no condition on the field and is
/// absent from lists ordered by it.
/// </summary>
public abstract class DocumentField<T>(string name, Type type)
{
    public string Name { get; } = name;

    internal Type Type { get; } = Nullable.GetUnderlyingType(type) ?? type;

    internal abstract object? ValueOf(T document);

    internal abstract Array ValuesOf(IEnumerable<T> documents);
}

/// <summary>A field of type <see cref="Guid"/>, <see cref="string"/>, <see cref="long"/> or <see cref="decimal"/>, or null.</summary>
public sealed class DocumentField<T, TValue>(string name, Func<T, TValue> select) : DocumentField<T>(name, typeof(TValue))
{
    internal override object? ValueOf(T document) => select(document);

    internal override Array ValuesOf(IEnumerable<T> documents) => documents.Select(select).ToArray();
}
