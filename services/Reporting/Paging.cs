using System.Globalization;

namespace ForgeShop.Reporting;

/// <summary>Limits and cursors of lists.</summary>
internal static class Paging
{
    private const int MaxLimit = 100;

    public static int Limit(string? limit, ValidationErrors errors, int otherwise = 20)
    {
        if (limit is null)
            return otherwise;
        if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MaxLimit)
            errors.Add("limit", $"A page has 1 to {MaxLimit} items.");
        return count;
    }

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
