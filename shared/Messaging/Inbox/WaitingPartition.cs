namespace ForgeShop.Messaging;

/// <summary>The messages of a paused partition, the first of which failed.</summary>
internal sealed class WaitingPartition(IEnumerable<KafkaMessage> messages)
{
    public Queue<KafkaMessage> Messages { get; } = new(messages);

    /// <summary>Failures in a row, for the backoff.</summary>
    public int Failures { get; set; }

    /// <summary>Failures of the first message that were not the store's fault.</summary>
    public int Attempts { get; set; }

    public long FailedAt { get; set; }

    public TimeSpan Delay { get; set; }

    public void Remove(int count)
    {
        for (; count > 0; count--)
            Messages.Dequeue();
        (Failures, Attempts) = (0, 0);
    }
}
