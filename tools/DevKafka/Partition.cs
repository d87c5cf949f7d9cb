using System.Buffers.Binary;

namespace ForgeShop.DevKafka;

/// <summary>The log of one partition: segments in order, of which the last one is written.</summary>
internal sealed class Partition : IDisposable
{
    private readonly string _folder;
    private readonly BrokerOptions _options;
    private readonly int _maxMessageBytes;
    private readonly ProducerStates _producers = new();
    private readonly List<Segment> _segments = [];
    private TaskCompletionSource _nextChange = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Partition(string folder, BrokerOptions options, int maxMessageBytes)
    {
        (_folder, _options, _maxMessageBytes) = (folder, options, maxMessageBytes);
        Directory.CreateDirectory(folder);
        var paths = Directory.GetFiles(folder, "*.log").Order(StringComparer.Ordinal).ToArray();
        foreach (var path in paths)
            _segments.Add(new(path, verifyCrc: path == paths[^1], _producers.Add));
        if (_segments.Count == 0)
            AddSegment(0);
    }

    /// <summary>Gets a task that ends at the next append or at the deletion of the topic, for Fetch requests that wait.</summary>
    public Task NextChange => _nextChange.Task;

    public long StartOffset => _segments[0].BaseOffset;

    /// <summary>Gets the offset of the next record to be appended.</summary>
    public long EndOffset => Active.NextOffset;

    public Segment Active => _segments[^1];

    /// <summary>Appends the batch that a producer sent, and writes it to the page cache.</summary>
    public ErrorCode Append(Memory<byte> records, out long baseOffset)
    {
        baseOffset = -1;
        var error = RecordBatch.Validate(records.Span, _maxMessageBytes, out var batch);
        if (error == ErrorCode.None)
            error = _producers.Check(batch, out baseOffset);
        if (error != ErrorCode.None || baseOffset >= 0)
            return error;
        if (Active.Size > 0 && Active.Size + batch.Size > _options.SegmentBytes)
            Roll();
        baseOffset = EndOffset;
        batch = batch with { BaseOffset = baseOffset };
        BinaryPrimitives.WriteInt64BigEndian(records.Span, baseOffset); // the CRC does not cover it
        Active.Append(batch, records.Span);
        _producers.Add(batch);
        SignalChange();
        return ErrorCode.None;
    }

    /// <summary>Finds the bytes of a Fetch response: whole batches from the one that contains the offset on; the last can be cut.</summary>
    /// <param name="offset">An offset from <see cref="StartOffset"/> to <see cref="EndOffset"/>; at the end there are no bytes.</param>
    /// <param name="maxBytes">The maximum number of bytes.</param>
    /// <param name="allowLarger">Whether to return a first batch above the maximum, so that the consumer advances.</param>
    public (Segment? Segment, long Position, int Length) Locate(long offset, int maxBytes, bool allowLarger)
    {
        if (offset == EndOffset)
            return (null, 0, 0);
        var segment = _segments.FindLast(segment => segment.BaseOffset <= offset)!;
        var (batch, position) = segment.Find(offset);
        var length = (int)Math.Min(maxBytes, segment.Size - position);
        if (length < batch.Size)
            length = allowLarger ? batch.Size : 0;
        return (segment, position, length);
    }

    /// <summary>Returns the start of the first batch with a record at or after a timestamp, or (-1, -1) when there is none.</summary>
    public (long Offset, long Timestamp) FindTimestamp(long timestamp)
    {
        var batch = _segments.Find(segment => segment.MaxTimestamp >= timestamp)?.FindTimestamp(timestamp);
        return (batch?.BaseOffset ?? -1, batch?.MaxTimestamp ?? -1);
    }

    /// <summary>Deletes the oldest segments above the limits.</summary>
    public void ApplyRetention()
    {
        var oldest = (_options.Time.GetUtcNow() - _options.Retention).ToUnixTimeMilliseconds();
        bool IsExpired(Segment segment) => segment.MaxTimestamp >= 0 && segment.MaxTimestamp < oldest;
        if (IsExpired(Active))
            Roll(); // the empty segment keeps the end offset
        var total = _segments.Sum(segment => segment.Size);
        while (_segments.Count > 1 && (IsExpired(_segments[0]) || total - _segments[0].Size >= _options.RetentionBytes))
        {
            total -= _segments[0].Size;
            _segments[0].Delete();
            _segments.RemoveAt(0);
        }
    }

    /// <summary>Closes the files because the topic is deleted or the broker stops.</summary>
    public void Dispose()
    {
        _segments.ForEach(segment => segment.Dispose());
        SignalChange();
    }

    private void SignalChange()
    {
        _nextChange.SetResult();
        _nextChange = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private void AddSegment(long baseOffset) => _segments.Add(new(Path.Combine(_folder, $"{baseOffset:D20}.log")));

    private void Roll()
    {
        Active.FlushToDisk(); // so that even after a crash of the machine only the last segment can be torn
        AddSegment(EndOffset);
    }
}
