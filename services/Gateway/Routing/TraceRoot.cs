using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ForgeShop.Gateway;

/// <summary>
/// Starts a trace at the gateway. The caller's trace context is not continued: a caller who chooses trace IDs and baggage could write into
/// the traces of others and control sampling. The new trace links to the caller's, and the answer contains its ID (traceparent,
/// X-Trace-Id).
/// </summary>
internal static class TraceRoot
{
    public static void AddTraceRoot(this IServiceCollection services) =>
        services.Replace(ServiceDescriptor.Singleton<DistributedContextPropagator>(new InjectOnly(DistributedContextPropagator.Current)));

    public static void UseCallerLink(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var headers = context.Request.Headers;
        if (ActivityContext.TryParse(headers.TraceParent, headers.TraceState, isRemote: true, out var caller))
            Activity.Current?.AddLink(new ActivityLink(caller));
        return next(context);
    });

    private sealed class InjectOnly(DistributedContextPropagator propagator) : DistributedContextPropagator
    {
        public override IReadOnlyCollection<string> Fields => propagator.Fields;

        public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) =>
            propagator.Inject(activity, carrier, setter);

        public override void ExtractTraceIdAndState(
            object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
            (traceId, traceState) = (null, null);

        public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) =>
            null;
    }
}
