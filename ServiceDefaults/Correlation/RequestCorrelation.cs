using System.Diagnostics;
using ForgeShop.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.ServiceDefaults.Correlation;

/// <summary>
/// The correlation ID of a request. The gateway derives it from caller, action and Idempotency-Key, so a retry has the same ID. Other
/// services read it from the W3C baggage.
/// </summary>
public static class RequestCorrelation
{
    public const string BaggageKey = "correlation";
    public const string SpanAttribute = "forgeshop.correlation_id";
    public const string ResponseHeader = "X-Correlation-Id";

    /// <summary>Gets the correlation of this request; it is derived at most once.</summary>
    public static CorrelationId Of(HttpContext context)
    {
        if (context.Items.TryGetValue(typeof(RequestCorrelation), out var known) && known is CorrelationId id)
            return id;
        id = CorrelationId.TryParse(Activity.Current?.GetBaggageItem(BaggageKey), out var travelled) ? travelled : Derive(context);
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
        var key = IdempotencyKey.Of(context.Request, out _);
        return key is not null && TryDerive(ids, actor, action, key, out var id)
            ? id
            : ids.Correlation(actor, action, TraceReference(context));
    }

    private static bool TryDerive(ForgeIds ids, string actor, string action, string? reference, out CorrelationId correlation)
    {
        var derived = ids.TryDerive(
            "correlations", [new("actor", actor), new("action", action), new("reference", reference)], out var id, out _);
        correlation = new CorrelationId(id);
        return derived;
    }

    private static string TraceReference(HttpContext context) => Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier;
}
