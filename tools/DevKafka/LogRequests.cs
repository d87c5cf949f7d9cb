namespace ForgeShop.DevKafka;

/// <summary>The requests that append records, read them and find their offsets.</summary>
internal static class LogRequests
{
    private const long LatestOffset = -1;
    private const long EarliestOffset = -2;

    // A bound for the memory of one connection; consumers read the rest with the next request.
    private const int MaxResponseBytes = 4 * 1024 * 1024;

    public static void Produce(Exchange exchange)
    {
        var (_, reader, writer) = exchange;
        reader.ReadNullableString(); // transactional ID: transactional batches are refused one by one
        var acks = reader.ReadInt16();
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
            writer.WriteInt64(partition?.StartOffset ?? -1);
        });
        writer.WriteInt32(0); // throttle time
        if (acks == 0)
            writer.Position = 0; // no response
    }

    /// <summary>Reads records, and waits if there are fewer than the consumer's minimum.</summary>
    public static async Task FetchAsync(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        reader.ReadInt32(); // replica ID
        var maxWait = TimeSpan.FromMilliseconds(Math.Max(0, reader.ReadInt32()));
        var (minBytes, maxBytes) = (reader.ReadInt32(), Math.Min(reader.ReadInt32(), MaxResponseBytes));
        reader.ReadInt8(); // isolation level: equal without transactions
        reader.ReadInt64(); // ID and epoch of a fetch session: all requests are full ones
        writer.WriteError(ErrorCode.None);
        writer.WriteInt32(0); // no fetch session
        var (request, response) = (reader.Position, writer.Position);
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(exchange.Stopping);
        Task? end = null;
        while (true)
        {
            var (bytes, hasError, changes) = (0, false, new List<Task>());
            lock (broker.StateLock)
            {
                exchange.MapPartitions((_, _, partition) =>
                {
                    hasError |= FetchPartition(exchange, partition, maxBytes, ref bytes) != ErrorCode.None;
                    if (partition is not null)
                        changes.Add(partition.NextChange);
                });
            }
            if (hasError || bytes >= Math.Min(minBytes, maxBytes) || end?.IsCompleted == true)
                break;
            // A later request on this connection, like ListOffsets for further partitions, ends the wait.
            end ??= Task.WhenAny(Task.Delay(maxWait, broker.Options.Time, answered.Token), exchange.NextRequest);
            await Task.WhenAny([end, .. changes]);
            (reader.Position, writer.Position) = (request, response); // again, with the records that have arrived
        }
        await answered.CancelAsync(); // ends the timer
    }

    public static void ListOffsets(Exchange exchange)
    {
        var (_, reader, writer) = exchange;
        reader.ReadInt32(); // replica ID
        reader.ReadInt8(); // isolation level: equal without transactions
        exchange.MapPartitions((_, _, partition) =>
        {
            var timestamp = reader.ReadInt64();
            (long Offset, long Timestamp) found = timestamp switch
            {
                _ when partition is null => (-1, -1),
                LatestOffset => (partition.EndOffset, -1),
                EarliestOffset => (partition.StartOffset, -1),
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
        writer.WriteError(isTransactional ? ErrorCode.TransactionalIdAuthorizationFailed : ErrorCode.None);
        writer.WriteInt64(Random.Shared.NextInt64()); // a random ID is unique without a counter on the disk
        writer.WriteInt16(0); // epoch
    }

    /// <summary>Writes the available records of a partition and counts their bytes.</summary>
    private static ErrorCode FetchPartition(Exchange exchange, Partition? partition, int maxResponseBytes, ref int bytes)
    {
        var (_, reader, writer) = exchange;
        reader.ReadInt32(); // leader epoch
        var offset = reader.ReadInt64();
        reader.ReadInt64(); // log start offset, only of replicas
        var maxBytes = Math.Min(reader.ReadInt32(), maxResponseBytes - bytes);
        var error = partition is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None;
        if (offset < partition?.StartOffset || offset > partition?.EndOffset)
            error = ErrorCode.OffsetOutOfRange;
        var (segment, position, length) = error == ErrorCode.None
            ? partition!.Locate(offset, maxBytes, allowLarger: bytes == 0)
            : (null, 0, 0);
        bytes += length;
        writer.WriteError(error);
        writer.WriteInt64(partition?.EndOffset ?? -1); // high watermark
        writer.WriteInt64(partition?.EndOffset ?? -1); // last stable offset
        writer.WriteInt64(partition?.StartOffset ?? -1);
        writer.WriteInt32(0); // aborted transactions
        writer.WriteInt32(-1); // preferred replica
        var records = writer.WriteBytes(length);
        segment?.Read(records, position);
        return error;
    }
}
