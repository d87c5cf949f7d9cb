using System.Globalization;
using ForgeShop.Documents;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Reporting;

/// <summary>Limits and cursors of lists.</summary>
internal static class Paging
{
    private const int DefaultLimit = 20;
    private const int MaxLimit = 100;

    public static ProblemResult WrongCursor => Problems.Validation("cursor", new InvalidCursorException().Message);

    public static int Limit(string? limit, ValidationErrors errors, int otherwise = DefaultLimit)
    {
        if (limit is null)
            return otherwise;
        if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MaxLimit)
            errors.Add("limit", $"A page has 1 to {MaxLimit} items.");
        return count;
    }

    /// <summary>Returns a page; null if the cursor is wrong.</summary>
    public static async Task<DocumentPage<T>?> TryQueryAsync<T>(
        this IDocumentCollection<T> documents, DocumentQuery<T> query, CancellationToken cancellationToken) where T : class
    {
        try
        {
            return await documents.QueryAsync(query, cancellationToken);
        }
        catch (InvalidCursorException)
        {
            return null;
        }
    }
}
