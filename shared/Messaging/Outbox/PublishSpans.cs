using System.Collections.Concurrent;
using System.Diagnostics;
using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;

namespace ForgeShop.Messaging;

/// <summary>A span an event of a batch, from handing it to Kafka until it is acknowledged.</summary>
internal sealed class PublishSpans(IReadOnlyList<OutboxMessage> messages) : IDisposable
{
    private readonly ConcurrentDictionary<OutboxMessage, Activity> _open = [];

    public Message<byte[]?, byte[]?> Write(OutboxMessage message)
    {
        if (Tracing.StartPublish(message) is not { } activity)
            return CloudEvents.Write(message, message.TraceParent);
        _open[message] = activity;
        return CloudEvents.Write(message, activity.Id);
    }

    public void Complete(PublishOutcome[] outcomes)
    {
        for (var index = 0; index < outcomes.Length; index++)
        {
            if (!_open.TryRemove(messages[index], out var activity))
                continue;
            if (outcomes[index].Published)
                Tracing.Place(activity, outcomes[index].Partition, outcomes[index].Offset);
            else
                activity.SetStatus(ActivityStatusCode.Error, outcomes[index].Error!.Reason);
            activity.Dispose();
        }
    }

    /// <summary>Ends what was not acknowledged.</summary>
    public void Dispose()
    {
        foreach (var activity in _open.Values)
        {
            activity.SetStatus(ActivityStatusCode.Error, "not acknowledged");
            activity.Dispose();
        }
    }
}
