using System.Buffers.Text;
using System.Security.Cryptography;

namespace ForgeShop.Documents;

/// <summary>Selects documents by one declared field, orders and limits them by another. Values have the type of their field.</summary>
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

    /// <summary>
    /// Returns the cursor that begins after a position: base64url of JSON that begins with a fingerprint of the query, so that a cursor of
    /// another list is refused. It is not a secret: a cursor only selects a position within its list.
    /// </summary>
    internal string WriteCursor(string collection, DocumentPosition end)
    {
        object?[] list = [collection, Where?.Field.Name, Where?.Value, OrderBy?.Name, IsDescending, From, To];
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(list)))[..12];
        return Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes<object?[]>([fingerprint, end.Id, end.Value]));
    }

    /// <exception cref="InvalidCursorException"><see cref="Cursor"/> does not come from an earlier page of this query.</exception>
    internal DocumentPosition? ReadCursor(string collection)
    {
        if (Cursor is null)
            return null;
        try
        {
            var json = JsonSerializer.Deserialize<JsonElement[]>(Base64Url.DecodeFromChars(Cursor))!;
            var end = new DocumentPosition(OrderBy is null ? null : json[2].Deserialize(OrderBy.Type), json[1].GetGuid());
            // Other encodings of the same position are refused: only the text of WriteCursor is a cursor.
            return WriteCursor(collection, end) == Cursor ? end : throw new InvalidCursorException();
        }
        catch (Exception exception) when (exception is not InvalidCursorException) // Any exception of a parser means an invalid cursor.
        {
            throw new InvalidCursorException();
        }
    }
}

/// <summary>The end of a page: the last document's value of the field ordered by, and its ID.</summary>
internal sealed record DocumentPosition(object? Value, Guid Id);

/// <summary>The cursor was not returned by this query: an error of the caller (400).</summary>
public sealed class InvalidCursorException() : Exception("The cursor does not belong to this list. Omit it to start at the first page.");
