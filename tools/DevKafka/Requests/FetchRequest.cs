using ForgeShop.DevKafka.Log;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Requests;

/// <summary>Reads records, and waits for them when there are fewer than the consumer wants.</summary>
internal sealed class FetchRequest
{
    // A bound for the memory of one connection; consumers read the rest with the next request.
    private const int MaxResponseBytes = 16 * 1024 * 1024;

    private readonly Exchange _exchange;
    private readonly TimeSpan _maxWait;
    private readonly int _minBytes;
    private readonly int _maxBytes;
    private readonly List<FetchedTopic> _topics;

    private FetchRequest(Exchange exchange)
    {
        var (reader, _, version) = _exchange = exchange;
        if (version <= 14)
            reader.ReadInt32(); // replica ID
        _maxWait = TimeSpan.FromMilliseconds(Math.Max(0, reader.ReadInt32()));
        (_minBytes, _maxBytes) = (reader.ReadInt32(), Math.Min(reader.ReadInt32(), MaxResponseBytes));
        _minBytes = Math.Min(_minBytes, _maxBytes);
        reader.ReadInt8(); // isolation level: equal without transactions
        if (version >= 7)
            reader.ReadInt64(); // ID and epoch of a fetch session: all requests are full ones
        _topics = reader.ReadArray(() =>
        {
            var name = version < 13 ? reader.ReadString() : null;
            var id = version < 13 ? Guid.Empty : reader.ReadGuid();
            var topic = name is null ? exchange.Broker.Topics.Find(id) : exchange.Broker.Topics.Find(name);
            return new FetchedTopic(name, id, reader.ReadArray(() => ReadPartition(reader, version, topic)));
        });
    }

    public static async Task HandleAsync(Exchange exchange)
    {
        var request = new FetchRequest(exchange);
        var (_, writer, version) = exchange;
        var start = writer.Position;
        var deadline = exchange.Broker.Time.GetUtcNow() + request._maxWait;
        while (true)
        {
            writer.Position = start;
            writer.WriteThrottleTime();
            if (version >= 7)
            {
                writer.WriteError(ErrorCode.None);
                writer.WriteInt32(0); // no fetch session
            }

            var isComplete = request.WriteTopics(writer, version, out var missingBytes);
            var timeout = deadline - exchange.Broker.Time.GetUtcNow();
            if (isComplete || timeout <= TimeSpan.Zero || !await request.WaitAsync(missingBytes, timeout))
                return;
        }
    }

    private static FetchedPartition ReadPartition(MessageReader reader, short version, Topic? topic)
    {
        var index = reader.ReadInt32();
        if (version >= 9)
            reader.ReadInt32(); // leader epoch
        var offset = reader.ReadInt64();
        if (version >= 12)
            reader.ReadInt32(); // last fetched epoch, only of replicas
        if (version >= 5)
            reader.ReadInt64(); // log start offset, only of replicas
        return new(index, topic?.FindPartition(index), offset, reader.ReadInt32());
    }

    /// <summary>Writes what there is now. Returns whether it suffices, or how many bytes are missing.</summary>
    private bool WriteTopics(MessageWriter writer, short version, out int missingBytes)
    {
        var (bytes, hasError) = (0, false);
        writer.WriteArray(_topics, topic =>
        {
            if (topic.Name is not null)
                writer.WriteString(topic.Name);
            else
                writer.WriteGuid(topic.Id);
            writer.WriteArray(topic.Partitions, partition =>
            {
                var error = WritePartition(writer, version, partition, topic, bytes);
                bytes += partition.Slice.Length;
                hasError |= error != ErrorCode.None;
            });
        });
        missingBytes = _minBytes - bytes;
        return hasError || missingBytes <= 0;
    }

    private ErrorCode WritePartition(MessageWriter writer, short version, FetchedPartition fetched, FetchedTopic topic, int bytesBefore)
    {
        var maxBytes = Math.Min(fetched.MaxBytes, _maxBytes - bytesBefore);
        var slice = new LogSlice(null, 0, 0, -1, -1);
        var error = fetched.Partition?.Locate(fetched.Offset, maxBytes, allowLarger: bytesBefore == 0, out slice)
            ?? (topic.Name is null ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition);
        fetched.Slice = slice;
        var start = writer.Position;
        writer.WriteInt32(fetched.Index);
        writer.WriteError(error);
        writer.WriteInt64(slice.EndOffset); // high watermark
        writer.WriteInt64(slice.EndOffset); // last stable offset
        if (version >= 5)
            writer.WriteInt64(slice.StartOffset);
        writer.WriteArrayLength(0); // aborted transactions
        if (version >= 11)
            writer.WriteInt32(-1); // preferred replica
        try
        {
            slice.Segment?.Read(writer.WriteBytes(slice.Length), slice.Position);
            if (slice.Segment is null)
                writer.WriteBytes(0);
            return error;
        }
        catch (ObjectDisposedException)
        {
            // The segment was deleted after it was located; the next attempt finds another one, or an error.
            writer.Position = start;
            return WritePartition(writer, version, fetched, topic, bytesBefore);
        }
    }

    private async Task<bool> WaitAsync(int missingBytes, TimeSpan timeout)
    {
        var wait = new FetchWait(missingBytes);
        var partitions = _topics.SelectMany(topic => topic.Partitions).ToList();
        try
        {
            foreach (var fetched in partitions)
                fetched.Partition?.AddWait(wait, fetched.Slice.EndOffset);
            return await wait.WaitAsync(timeout, _exchange.Broker.Time, _exchange.Stopping);
        }
        finally
        {
            foreach (var fetched in partitions)
                fetched.Partition?.RemoveWait(wait);
        }
    }

    private sealed record FetchedTopic(string? Name, Guid Id, List<FetchedPartition> Partitions);

    private sealed record FetchedPartition(int Index, Partition? Partition, long Offset, int MaxBytes)
    {
        /// <summary>Gets or sets the bytes that the response contains.</summary>
        public LogSlice Slice { get; set; }
    }
}
