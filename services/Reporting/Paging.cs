namespace ForgeShop.Reporting;

/// <summary>Lists of documents, and their cursors.</summary>
internal static class Paging
{
    /// <summary>Reads the first page of a query.</summary>
    public static async Task<IReadOnlyList<T>> ListAsync<T>(
        this IDocumentCollection<T> documents, DocumentQuery<T> query, CancellationToken cancellationToken) where T : class =>
        [.. (await documents.QueryAsync(query, cancellationToken)).Items.Select(document => document.Value)];

    /// <summary>Answers 400 for a cursor that does not belong to the list.</summary>
    public static async ValueTask<object?> RefuseWrongCursors(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (InvalidCursorException exception)
        {
            return Problems.Validation("cursor", exception.Message);
        }
    }
}
