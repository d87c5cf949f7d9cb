namespace ForgeShop.DevKafka;

/// <summary>The last batches of each idempotent producer of a partition. A duplicate is answered with its original offset.</summary>
internal sealed class ProducerStates
{
    // A producer has at most five requests in flight, so a retry is one of the last five batches.
    private const int RememberedBatches = 5;

    private readonly Dictionary<long, RecordBatch[]> _producers = [];

    /// <summary>Returns whether the batch may be appended, as Apache Kafka decides it, and the offset of a duplicate, or -1.</summary>
    public ErrorCode Check(RecordBatch batch, out long duplicateOffset)
    {
        duplicateOffset = -1;
        // If retention has deleted the batches of a producer, it continues with any sequence number.
        if (!batch.HasProducer || !_producers.TryGetValue(batch.ProducerId, out var batches))
            return ErrorCode.None;
        var last = batches[^1];
        if (batch.ProducerEpoch < last.ProducerEpoch)
            return ErrorCode.InvalidProducerEpoch;
        if (batch.ProducerEpoch > last.ProducerEpoch)
            return batch.BaseSequence == 0 ? ErrorCode.None : ErrorCode.OutOfOrderSequenceNumber;
        foreach (var known in batches)
            if (known.BaseSequence == batch.BaseSequence && known.LastSequence == batch.LastSequence)
                duplicateOffset = known.BaseOffset;
        var isNext = batch.BaseSequence == ((last.LastSequence + 1) & int.MaxValue);
        return isNext || duplicateOffset >= 0 ? ErrorCode.None : ErrorCode.OutOfOrderSequenceNumber;
    }

    /// <summary>Records a batch that was appended, or that recovery has read.</summary>
    public void Add(RecordBatch batch)
    {
        if (!batch.HasProducer)
            return;
        var sameEpoch = _producers.GetValueOrDefault(batch.ProducerId, []).Where(known => known.ProducerEpoch == batch.ProducerEpoch);
        _producers[batch.ProducerId] = [.. sameEpoch.TakeLast(RememberedBatches - 1), batch];
    }
}
