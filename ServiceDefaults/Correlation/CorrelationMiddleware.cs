using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ForgeShop.ServiceDefaults.Correlation;

/// <summary>Adds the correlation ID to the baggage (and so to outgoing calls and events), to the span and to the log scope.</summary>
internal sealed class CorrelationMiddleware(RequestDelegate next, ILogger<CorrelationMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var correlation = RequestCorrelation.Of(context).ToString();
        Activity.Current?.SetBaggage(RequestCorrelation.BaggageKey, correlation);
        Activity.Current?.SetTag(RequestCorrelation.SpanAttribute, correlation);
        using (logger.BeginScope(new KeyValuePair<string, object?>[] { new("CorrelationId", correlation) }))
            await next(context);
    }
}
