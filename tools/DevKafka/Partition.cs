using System.Buffers.Binary;

namespace ForgeShop.DevKafka;

/// <summary>A range of bytes in a segment, and the offsets of the partition when it was found.</summary>
internal readonly record struct LogSlice(Segment? Segment, long Position, int Length, long StartOffset, long EndOffset);

/// <summary>The log of one partition: segments in order, of which the last one is written. Records are read outside of the lock.</summary>
internal sealed class Partition : IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly BrokerOptions _options;
    private readonly int _maxMessageBytes;
    private readonly ProducerStates _producers = new();
    private readonly List<Segment> _segments = [];
    private Segment? _unflushed;
    private bool _isDeleted;

    public Partition(string folder, BrokerOptions options, int maxMessageBytes)
    {
        (_folder, _options, _maxMessageBytes) = (folder, options, maxMessageBytes);
        Directory.CreateDirectory(folder);
        var paths = Directory.GetFiles(folder, "*.log").Order(StringComparer.Ordinal).ToArray();
        foreach (var path in paths)
            _segments.Add(Segment.Recover(path, verifyCrc: path == paths[^1], _producers.Add));
        if (_segments.Count == 0)
            _segments.Add(Segment.Create(folder, 0));
    }

    /// <summary>Occurs after each append and after the deletion of the topic, for Fetch requests that wait.</summary>
    public event Action? Changed;

    /// <summary>Gets the offsets of the first record and of the next record to be appended.</summary>
    public (long Start, long End) Offsets
    {
        get
        {
            lock (_lock)
                return (_segments[0].BaseOffset, Active.NextOffset);
        }
    }

    private Segment Active => _segments[^1];

    /// <summary>Appends the batch that a producer sent, and writes it to the page cache.</summary>
    public ErrorCode Append(Memory<byte> records, out long baseOffset)
    {
        baseOffset = -1;
        var error = RecordBatch.Validate(records.Span, _maxMessageBytes, out var batch);
        if (error != ErrorCode.None)
            return error;
        lock (_lock)
        {
            if (_isDeleted)
                return ErrorCode.UnknownTopicOrPartition;
            error = _producers.Check(batch, out baseOffset);
            if (error != ErrorCode.None || baseOffset >= 0)
                return error;
            if (Active.Size > 0 && Active.Size + batch.Size > _options.SegmentBytes)
                Roll();
            baseOffset = Active.NextOffset;
            batch = batch with { BaseOffset = baseOffset };
            BinaryPrimitives.WriteInt64BigEndian(records.Span, baseOffset); // the CRC does not cover it
            Active.Append(batch, records.Span);
            _producers.Add(batch);
            _unflushed = Active;
        }
        Changed?.Invoke();
        return ErrorCode.None;
    }

    /// <summary>Finds the bytes of a Fetch response: whole batches from the one that contains the offset on; the last can be cut.</summary>
    /// <param name="allowLarger">Whether a first batch above the maximum is returned all the same, so that the consumer advances.</param>
    public ErrorCode Locate(long offset, int maxBytes, bool allowLarger, out LogSlice slice)
    {
        lock (_lock)
        {
            slice = new(null, 0, 0, _segments[0].BaseOffset, Active.NextOffset);
            if (_isDeleted)
                return ErrorCode.UnknownTopicOrPartition;
            if (offset < slice.StartOffset || offset > slice.EndOffset)
                return ErrorCode.OffsetOutOfRange;
            if (offset == slice.EndOffset)
                return ErrorCode.None;
            var segment = _segments.FindLast(segment => segment.BaseOffset <= offset)!;
            var (batch, position) = segment.Find(offset);
            var length = (int)Math.Min(maxBytes, segment.Size - position);
            if (length < batch.Size)
                length = allowLarger ? batch.Size : 0;
            slice = slice with { Segment = segment, Position = position, Length = length };
            return ErrorCode.None;
        }
    }

    /// <summary>Returns the start of the first batch with a record at or after a timestamp, or (-1, -1) when there is none.</summary>
    public (long Offset, long Timestamp) FindTimestamp(long timestamp)
    {
        lock (_lock)
        {
            var batch = _segments.Find(segment => segment.MaxTimestamp >= timestamp)?.FindTimestamp(timestamp);
            return (batch?.BaseOffset ?? -1, batch?.MaxTimestamp ?? -1);
        }
    }

    /// <summary>Deletes the oldest segments above the limits, and flushes the written one to the disk.</summary>
    public void FlushAndApplyRetention()
    {
        Segment? written;
        lock (_lock)
        {
            if (_isDeleted)
                return;
            DeleteExpiredSegments();
            (written, _unflushed) = (_unflushed, null);
        }
        written?.FlushToDisk();
    }

    /// <summary>Ends all use of the partition because its topic is deleted.</summary>
    public void MarkDeleted()
    {
        lock (_lock)
        {
            _isDeleted = true;
            Dispose();
        }
        Changed?.Invoke();
    }

    public void Dispose() => _segments.ForEach(segment => segment.Dispose());

    private void Roll()
    {
        Active.FlushToDisk(); // so that even after a crash of the machine only the last segment can be torn
        _segments.Add(Segment.Create(_folder, Active.NextOffset));
        DeleteExpiredSegments();
    }

    private void DeleteExpiredSegments()
    {
        var oldest = DateTimeOffset.UtcNow.Subtract(_options.Retention).ToUnixTimeMilliseconds();
        var total = _segments.Sum(segment => segment.Size);
        while (IsExpired(_segments[0], total, oldest))
        {
            var segment = _segments[0];
            if (segment == Active)
                _segments.Add(Segment.Create(_folder, Active.NextOffset)); // an empty segment keeps the end offset
            total -= segment.Size;
            _segments.RemoveAt(0);
            segment.Delete();
            if (_unflushed == segment)
                _unflushed = null;
        }
    }

    private bool IsExpired(Segment segment, long totalBytes, long oldestTimestamp) => segment.Size > 0
        && ((segment != Active && totalBytes - segment.Size >= _options.RetentionBytes)
            || (segment.MaxTimestamp >= 0 && segment.MaxTimestamp < oldestTimestamp));
}
