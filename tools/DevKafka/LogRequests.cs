namespace ForgeShop.DevKafka;

/// <summary>The requests that append records and find their offsets.</summary>
internal static class LogRequests
{
    private const long LatestOffset = -1;
    private const long EarliestOffset = -2;

    public static void Produce(Exchange exchange)
    {
        var (_, reader, writer) = exchange;
        reader.ReadNullableString(); // transactional ID: transactional batches are refused one by one
        var acks = reader.ReadInt16();
        exchange.HasResponse = acks != 0;
        reader.ReadInt32(); // time-out: there are no replicas to wait for
        exchange.MapPartitions((topic, index, partition) =>
        {
            var records = reader.ReadBytes();
            var baseOffset = -1L;
            var error = acks is < -1 or > 1
                ? ErrorCode.InvalidRequiredAcks
                : partition?.Append(records, out baseOffset) ?? ErrorCode.UnknownTopicOrPartition;
            if (error != ErrorCode.None && acks == 0)
                throw new InvalidDataException($"{error} for {topic}-{index}, which acks=0 cannot report");
            writer.WriteError(error);
            writer.WriteInt64(baseOffset);
            writer.WriteInt64(-1); // no log append time: timestamps are the producer's
            writer.WriteInt64(partition?.Offsets.Start ?? -1);
        });
        writer.WriteThrottleTime();
    }

    public static void ListOffsets(Exchange exchange)
    {
        var (_, reader, writer) = exchange;
        reader.ReadInt32(); // replica ID
        reader.ReadInt8(); // isolation level: equal without transactions
        writer.WriteThrottleTime();
        exchange.MapPartitions((_, _, partition) =>
        {
            var timestamp = reader.ReadInt64();
            (long Offset, long Timestamp) found = timestamp switch
            {
                _ when partition is null => (-1, -1),
                LatestOffset => (partition.Offsets.End, -1),
                EarliestOffset => (partition.Offsets.Start, -1),
                _ => partition.FindTimestamp(timestamp),
            };
            writer.WriteError(partition is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None);
            writer.WriteInt64(found.Timestamp);
            writer.WriteInt64(found.Offset);
        });
    }

    public static void InitProducerId(Exchange exchange)
    {
        var (_, reader, writer) = exchange;
        var isTransactional = reader.ReadNullableString() is not null;
        writer.WriteThrottleTime();
        writer.WriteError(isTransactional ? ErrorCode.TransactionalIdAuthorizationFailed : ErrorCode.None);
        writer.WriteInt64(Random.Shared.NextInt64()); // a random ID is unique without a counter on the disk
        writer.WriteInt16(0); // epoch
    }
}
