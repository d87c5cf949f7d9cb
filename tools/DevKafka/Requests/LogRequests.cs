using ForgeShop.DevKafka.Log;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Requests;

/// <summary>The requests that append records and find their offsets.</summary>
internal static class LogRequests
{
    private const long LatestOffset = -1;
    private const long EarliestOffset = -2;
    private const long MaxTimestamp = -3;

    public static void Produce(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        if (version >= 3)
            reader.ReadNullableString(); // transactional ID: transactional batches are refused one by one
        var acks = reader.ReadInt16();
        exchange.HasResponse = acks != 0;
        reader.ReadInt32(); // time-out: there are no replicas to wait for
        exchange.MapPartitions((topic, index) =>
        {
            var records = reader.ReadBytes();
            var (startOffset, baseOffset) = (-1L, -1L);
            var partition = exchange.Broker.Topics.FindPartition(topic, index);
            var error = partition is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None;
            if (acks is < -1 or > 1)
                error = ErrorCode.InvalidRequiredAcks;
            if (error == ErrorCode.None)
            {
                error = partition!.Append(records, allowZstandard: version >= 7, out baseOffset);
                startOffset = partition.Offsets.Start;
            }

            if (error != ErrorCode.None && acks == 0)
                throw new InvalidDataException($"{error} for {topic}-{index}, which acks=0 cannot report");
            writer.WriteError(error);
            writer.WriteInt64(baseOffset);
            if (version >= 2)
                writer.WriteInt64(-1); // no log append time: timestamps are the producer's
            if (version >= 5)
                writer.WriteInt64(startOffset);
            if (version < 8)
                return;
            writer.WriteArrayLength(0); // errors of single records
            writer.WriteString(null);
        });
        if (version >= 1)
            writer.WriteThrottleTime();
    }

    public static void ListOffsets(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        reader.ReadInt32(); // replica ID
        if (version >= 2)
            reader.ReadInt8(); // isolation level: equal without transactions
        if (version >= 2)
            writer.WriteThrottleTime();
        exchange.MapPartitions((topic, index) =>
        {
            if (version >= 4)
                reader.ReadInt32(); // leader epoch
            var timestamp = reader.ReadInt64();
            var partition = exchange.Broker.Topics.FindPartition(topic, index);
            (long Offset, long Timestamp) found = timestamp switch
            {
                _ when partition is null => (-1L, -1L),
                LatestOffset => (partition.Offsets.End, -1L),
                EarliestOffset => (partition.Offsets.Start, -1L),
                MaxTimestamp => partition.FindMaxTimestamp(),
                _ => partition.FindTimestamp(timestamp),
            };
            writer.WriteError(partition is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None);
            writer.WriteInt64(found.Timestamp);
            writer.WriteInt64(found.Offset);
            if (version >= 4)
                writer.WriteInt32(found.Offset < 0 ? -1 : Partition.LeaderEpoch);
        });
    }
}
