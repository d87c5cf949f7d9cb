using System.Diagnostics;
using ForgeShop.Contracts;

namespace ForgeShop.Messaging;

/// <summary>
/// Where something comes from: its cause, the request that set it going, its trace. A row that a worker will take up later keeps it, so that
/// what comes of it then still belongs to the same trace and the same correlation.
/// </summary>
public sealed record Origin(EventId? CausationId, CorrelationId? CorrelationId, string? TraceParent, string? TraceState)
{
    private static readonly ActivitySource Source = new(MessagingTelemetry.ActivitySourceName);
    private static readonly AsyncLocal<Origin?> Resumed = new();

    public static Origin None { get; } = new(null, null, null, null);

    /// <summary>Of what is done right now: for a request, an event that is handled, or an origin that was resumed.</summary>
    public static Origin Current
    {
        get
        {
            var cause = EventContext.Current is { } message ? new Origin(message.Id, message.CorrelationId, message.TraceParent, message.TraceState) : Resumed.Value;
            var activity = Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current : null;
            return new(
                cause?.CausationId,
                Contracts.CorrelationId.TryParse(activity?.GetBaggageItem(MessagingTelemetry.CorrelationBaggage), out var correlation) ? correlation : cause?.CorrelationId,
                // Where nobody listens to activities the trace of the cause goes on all the same.
                activity?.Id ?? cause?.TraceParent,
                activity is null ? cause?.TraceState : activity.TraceStateString);
        }
    }

    /// <summary>Goes on from here, under a span named <paramref name="work"/>, until the result is disposed of.</summary>
    public IDisposable Resume(string work)
    {
        ActivityContext.TryParse(TraceParent, TraceState, isRemote: true, out var parent);
        var activity = Source.StartActivity(work, ActivityKind.Internal, parent);
        if (CorrelationId is { } correlation)
            activity?.SetBaggage(MessagingTelemetry.CorrelationBaggage, correlation.ToString());
        var before = Resumed.Value;
        Resumed.Value = this;
        return new Resumption(activity, before);
    }

    private sealed class Resumption(Activity? activity, Origin? before) : IDisposable
    {
        public void Dispose()
        {
            Resumed.Value = before;
            activity?.Dispose();
        }
    }
}
