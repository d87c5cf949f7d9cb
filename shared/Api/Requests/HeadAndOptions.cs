namespace ForgeShop.Api;

/// <summary>Answers OPTIONS on every path and HEAD on every GET endpoint, as a GET whose body the server omits.</summary>
public sealed class HeadAndOptions(RequestDelegate next)
{
    private static readonly object Mark = new();

    /// <summary>Returns whether the request is a HEAD. Streams end at once for it.</summary>
    public static bool IsHead(HttpContext context) => context.Items.ContainsKey(Mark);

    public async Task InvokeAsync(HttpContext context)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Items[Mark] = true;
            context.Request.Method = HttpMethods.Get;
        }

        await next(context);
        if (context.Response is not { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false } response)
            return;
        var allowed = response.Headers.Allow.ToString();
        response.Headers.Allow = (allowed.Contains(HttpMethods.Get, StringComparison.Ordinal) ? $"{allowed}, HEAD" : allowed) + ", OPTIONS";
        if (HttpMethods.IsOptions(context.Request.Method))
            response.StatusCode = StatusCodes.Status204NoContent;
    }
}
