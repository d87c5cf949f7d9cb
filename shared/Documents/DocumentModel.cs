using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ForgeShop.Documents;

/// <summary>
/// Declares a collection: its name, how its documents are written as JSON, and its indexes. Each index is a list of fields, and
/// only fields of an index can be queried, so that no query scans the collection.
/// </summary>
/// <example><c>new DocumentModel&lt;Note&gt;("notes", NotesJson.Default.Note, [Owner, CreatedAt], [DueAt])</c></example>
public sealed class DocumentModel<T> where T : class
{
    public DocumentModel(string name, JsonTypeInfo<T> json, params DocumentField<T>[][] indexes)
    {
        Names.Check(name, Names.CollectionPattern, "collection");
        Name = name;
        Json = json;
        Indexes = indexes;
        Fields = [.. indexes.SelectMany(index => index).Distinct()];
        if (Fields.GroupBy(field => field.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new ArgumentException($"Collection '{name}' declares the field '{twice.Key}' twice.", nameof(indexes));
        if (indexes.Any(index => index.Length == 0))
            throw new ArgumentException($"Collection '{name}' declares an index without a field.", nameof(indexes));
    }

    /// <summary>With what the options know of the document's type: source-generated, or found by reflection.</summary>
    public DocumentModel(string name, JsonSerializerOptions json, params DocumentField<T>[][] indexes)
        : this(name, (JsonTypeInfo<T>)json.GetTypeInfo(typeof(T)), indexes)
    {
    }

    public string Name { get; }

    public JsonTypeInfo<T> Json { get; }

    public IReadOnlyList<IReadOnlyList<DocumentField<T>>> Indexes { get; }

    public IReadOnlyList<DocumentField<T>> Fields { get; }
}
