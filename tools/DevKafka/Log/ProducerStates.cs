using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Log;

/// <summary>
/// What a partition remembers of idempotent producers: the epoch and the last five batches of each.
/// A retried batch is recognised by its sequence numbers and answered with the offset that it already has.
/// </summary>
internal sealed class ProducerStates
{
    // A producer has at most five requests in flight, so a retry is one of the last five batches.
    private const int RememberedBatches = 5;
    private static readonly TimeSpan Expiration = TimeSpan.FromDays(1);

    private readonly Dictionary<long, ProducerState> _producers = [];

    /// <summary>Returns whether the batch may be appended, as Apache Kafka decides it.</summary>
    /// <param name="batch">The batch that a producer sent.</param>
    /// <param name="duplicateOffset">The base offset that a duplicate already has, or -1 for a new batch.</param>
    public ErrorCode Check(RecordBatch batch, out long duplicateOffset)
    {
        duplicateOffset = -1;
        // The state can have expired, or its batches can be deleted; a producer continues with any sequence number then.
        if (!batch.HasProducer || !_producers.TryGetValue(batch.ProducerId, out var producer))
            return ErrorCode.None;
        if (batch.ProducerEpoch < producer.Epoch)
            return ErrorCode.InvalidProducerEpoch;
        if (batch.ProducerEpoch > producer.Epoch)
            return batch.BaseSequence == 0 ? ErrorCode.None : ErrorCode.OutOfOrderSequenceNumber;
        foreach (var known in producer.Batches)
            if (known.FirstSequence == batch.BaseSequence && known.LastSequence == batch.LastSequence)
                duplicateOffset = known.BaseOffset;
        if (duplicateOffset >= 0)
            return ErrorCode.None;
        var expected = (producer.LastSequence + 1) & int.MaxValue;
        return batch.BaseSequence == expected ? ErrorCode.None : ErrorCode.OutOfOrderSequenceNumber;
    }

    /// <summary>Remembers a batch that is appended, or that recovery reads.</summary>
    public void Add(RecordBatch batch, DateTimeOffset now)
    {
        if (!batch.HasProducer)
            return;
        if (!_producers.TryGetValue(batch.ProducerId, out var producer) || producer.Epoch != batch.ProducerEpoch)
            _producers[batch.ProducerId] = producer = new ProducerState(batch.ProducerEpoch);
        if (producer.Batches.Count == RememberedBatches)
            producer.Batches.Dequeue();
        producer.Batches.Enqueue((batch.BaseSequence, batch.LastSequence, batch.BaseOffset));
        producer.LastSequence = batch.LastSequence;
        producer.LastAppend = now;
    }

    public void RemoveExpired(DateTimeOffset now)
    {
        foreach (var (id, producer) in _producers)
            if (now - producer.LastAppend > Expiration)
                _producers.Remove(id);
    }

    private sealed class ProducerState(short epoch)
    {
        public short Epoch => epoch;

        public Queue<(int FirstSequence, int LastSequence, long BaseOffset)> Batches { get; } = new(RememberedBatches);

        public int LastSequence { get; set; }

        public DateTimeOffset LastAppend { get; set; }
    }
}
