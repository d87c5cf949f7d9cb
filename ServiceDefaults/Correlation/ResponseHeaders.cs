using System.Diagnostics;
using Microsoft.AspNetCore.Builder;

namespace ForgeShop.ServiceDefaults.Correlation;

internal static class ResponseHeaders
{
    /// <summary>Writes the trace ID and the correlation ID into every response, errors included.</summary>
    public static void UseTraceHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
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

            headers[RequestCorrelation.ResponseHeader] = RequestCorrelation.Of(context).ToString();
            return Task.CompletedTask;
        });
        return next(context);
    });
}
