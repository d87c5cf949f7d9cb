namespace ForgeShop.Reporting;

/// <summary>The cursors of lists.</summary>
internal static class Paging
{
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
