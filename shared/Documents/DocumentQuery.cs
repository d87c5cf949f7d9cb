using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace ForgeShop.Documents;

/// <summary>
/// Selects documents by one declared field, and orders and limits them by another one. Values have the type of their field.
/// </summary>
public sealed record DocumentQuery<T> where T : class
{
    /// <summary>The field that selects and its value; null selects all documents.</summary>
    public (DocumentField<T> Field, object Value)? Where { get; init; }

    /// <summary>The field that orders; the ID decides between equals. Null orders by ID.</summary>
    public DocumentField<T>? OrderBy { get; init; }

    public bool IsDescending { get; init; }

    /// <summary>The lowest value of <see cref="OrderBy"/>; null for no bound.</summary>
    public object? From { get; init; }

    /// <summary>The highest value of <see cref="OrderBy"/>; null for no bound.</summary>
    public object? To { get; init; }

    /// <summary>The maximum number of documents in a page.</summary>
    public int Limit { get; init; } = 50;

    /// <summary><see cref="DocumentPage{T}.NextCursor"/> of the page before; null for the first page.</summary>
    public string? Cursor { get; init; }
}

/// <summary>The cursor was not returned by this query: an error of the caller (400).</summary>
public sealed class InvalidCursorException() : Exception("The cursor does not belong to this list. Omit it to start at the first page.");

/// <summary>
/// The end of a page: the last document's ID and its value of the field ordered by. The text is base64url of JSON and begins with a
/// fingerprint of the query, so that a cursor of another list is refused. It is not a secret: a cursor only selects a position within its
/// list.
/// </summary>
internal sealed record DocumentCursor(object? Value, Guid Id)
{
    public string Write<T>(DocumentModel<T> model, DocumentQuery<T> query) where T : class
    {
        object?[] list =
            [model.Name, query.Where?.Field.Name, query.Where?.Value, query.OrderBy?.Name, query.IsDescending, query.From, query.To];
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(list)))[..12];
        return Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes<object?[]>([fingerprint, Id, Value]));
    }

    public static DocumentCursor? Read<T>(DocumentModel<T> model, DocumentQuery<T> query) where T : class
    {
        if (query.Cursor is null)
            return null;
        try
        {
            var end = JsonSerializer.Deserialize<JsonElement[]>(Base64Url.DecodeFromChars(query.Cursor));
            var cursor = new DocumentCursor(query.OrderBy is null ? null : end![2].Deserialize(query.OrderBy.Type), end![1].GetGuid());
            // Other encodings of the same position are refused: only the text of Write is a cursor.
            return cursor.Write(model, query) == query.Cursor ? cursor : throw new InvalidCursorException();
        }
        catch (Exception exception) when (exception is not InvalidCursorException) // Any exception of a parser means an invalid cursor.
        {
            throw new InvalidCursorException();
        }
    }
}
