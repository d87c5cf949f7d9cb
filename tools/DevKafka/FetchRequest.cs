namespace ForgeShop.DevKafka;

/// <summary>Reads records, and waits for them when there are fewer than the consumer wants.</summary>
internal static class FetchRequest
{
    // A bound for the memory of one connection; consumers read the rest with the next request.
    private const int MaxResponseBytes = 16 * 1024 * 1024;

    public static async Task HandleAsync(Exchange exchange)
    {
        var (_, reader, writer) = exchange;
        reader.ReadInt32(); // replica ID
        var deadline = Environment.TickCount64 + reader.ReadInt32();
        var (minBytes, maxBytes) = (reader.ReadInt32(), Math.Min(reader.ReadInt32(), MaxResponseBytes));
        reader.ReadInt8(); // isolation level: equal without transactions
        reader.ReadInt64(); // ID and epoch of a fetch session: all requests are full ones
        writer.WriteThrottleTime();
        writer.WriteError(ErrorCode.None);
        writer.WriteInt32(0); // no fetch session
        var (request, response) = (reader.Position, writer.Position);
        var changes = new SemaphoreSlim(0);
        Action onChanged = () => changes.Release();
        var watched = new HashSet<Partition>();
        try
        {
            while (true)
            {
                var (bytes, hasError) = (0, false);
                exchange.MapPartitions((_, _, partition) =>
                {
                    if (partition is not null && watched.Add(partition))
                        partition.Changed += onChanged;
                    hasError |= ReadPartition(exchange, partition, maxBytes, ref bytes) != ErrorCode.None;
                });
                var remainingMs = (int)(deadline - Environment.TickCount64);
                var isComplete = hasError || bytes >= Math.Min(minBytes, maxBytes) || remainingMs <= 0;
                if (isComplete || !await changes.WaitAsync(remainingMs, exchange.Stopping))
                    return;
                (reader.Position, writer.Position) = (request, response); // again, with the records that have arrived
            }
        }
        finally
        {
            foreach (var partition in watched)
                partition.Changed -= onChanged;
        }
    }

    /// <summary>Writes the records of a partition that there are now, and counts their bytes.</summary>
    private static ErrorCode ReadPartition(Exchange exchange, Partition? partition, int maxResponseBytes, ref int bytes)
    {
        var (_, reader, writer) = exchange;
        reader.ReadInt32(); // leader epoch
        var offset = reader.ReadInt64();
        reader.ReadInt64(); // log start offset, only of replicas
        var maxBytes = Math.Min(reader.ReadInt32(), maxResponseBytes - bytes);
        var slice = new LogSlice(null, 0, 0, -1, -1);
        var error = partition?.Locate(offset, maxBytes, allowLarger: bytes == 0, out slice) ?? ErrorCode.UnknownTopicOrPartition;
        bytes += slice.Length;
        writer.WriteError(error);
        writer.WriteInt64(slice.EndOffset); // high watermark
        writer.WriteInt64(slice.EndOffset); // last stable offset
        writer.WriteInt64(slice.StartOffset);
        writer.WriteInt32(0); // aborted transactions
        writer.WriteInt32(-1); // preferred replica
        var records = writer.WriteBytes(slice.Length);
        slice.Segment?.Read(records, slice.Position);
        return error;
    }
}
