using Microsoft.AspNetCore.Routing;

namespace ForgeShop.ServiceDefaults;

/// <summary>
/// The correlation ID of a request. The gateway derives it from caller, action and Idempotency-Key, so a retry has the same ID. Other
/// services read it from the W3C baggage.
/// </summary>
public static class RequestCorrelation
{
    public const string ResponseHeader = "X-Correlation-Id";

    /// <summary>Gets the correlation of this request; it is derived at most once.</summary>
    public static CorrelationId Of(HttpContext context)
    {
        if (context.Items.TryGetValue(typeof(RequestCorrelation), out var known) && known is CorrelationId id)
            return id;
        id = CorrelationId.TryParse(Activity.Current?.GetBaggageItem(CorrelationNames.Baggage), out var travelled)
            ? travelled
            : Derive(context);
        context.Items[typeof(RequestCorrelation)] = id;
        return id;
    }

    private static CorrelationId Derive(HttpContext context)
    {
        var ids = context.RequestServices.GetRequiredService<ForgeIds>();
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "unmatched";
        var action = $"{context.Request.Method} {route}";
        // Two customers may use the same key.
        var actor = context.User.FindFirst(Caller.SubjectClaim)?.Value ?? "anonymous";
        return IdempotencyKey.Of(context.Request, out _) is { } key
            && ids.TryDerive("correlations", [new("actor", actor), new("action", action), new("reference", key)], out var id, out _)
            ? new CorrelationId(id)
            : ids.Correlation(actor, action, Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier);
    }

    /// <summary>Writes the trace ID and the correlation ID into every response, errors included.</summary>
    internal static void UseTraceHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var activity = Activity.Current;
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            if (activity is not null)
            {
                headers.TraceParent = activity.Id;
                headers["X-Trace-Id"] = activity.TraceId.ToHexString();
            }

            headers[ResponseHeader] = Of(context).ToString();
            return Task.CompletedTask;
        });
        return next(context);
    });

    /// <summary>Adds the correlation ID to the baggage (and so to outgoing calls and events), to the span and to the log scope.</summary>
    internal static void UseCorrelation(this WebApplication app) => app.Use(async (context, next) =>
    {
        var correlation = Of(context).ToString();
        Activity.Current?.SetBaggage(CorrelationNames.Baggage, correlation);
        Activity.Current?.SetTag(CorrelationNames.SpanAttribute, correlation);
        using (app.Logger.BeginScope(new KeyValuePair<string, object?>[] { new("CorrelationId", correlation) }))
            await next(context);
    });
}
