using System.Globalization;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Log;

/// <summary>
/// The log of one partition: segments in order, of which the last one is written. One lock guards the partition; the bytes of a Fetch
/// response are read outside of it.
/// </summary>
internal sealed class Partition : IDisposable
{
    /// <summary>The only leader epoch: a single node never elects another leader.</summary>
    public const int LeaderEpoch = 0;

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly TopicConfig _config;
    private readonly Flusher _flusher;
    private readonly TimeProvider _time;
    private readonly ProducerStates _producers = new();
    private readonly List<Segment> _segments = [];
    private readonly List<FetchWait> _waits = [];
    private long _startOffset;
    private bool _isDeleted;

    public Partition(string folder, TopicConfig config, Flusher flusher, TimeProvider time)
    {
        (_folder, _config, _flusher, _time) = (folder, config, flusher, time);
        Directory.CreateDirectory(folder);
        Recover();
    }

    /// <summary>Gets the offsets of the first record and of the next record to be appended.</summary>
    public (long Start, long End) Offsets
    {
        get
        {
            lock (_lock)
                return (_startOffset, Active.NextOffset);
        }
    }

    private string StartOffsetPath => Path.Combine(_folder, "log-start-offset");

    private Segment Active => _segments[^1];

    /// <summary>Appends the batch that a producer sent, and writes it to the page cache.</summary>
    public ErrorCode Append(Memory<byte> records, bool allowZstandard, out long baseOffset)
    {
        baseOffset = -1;
        var error = RecordBatch.Validate(records.Span, _config.MaxMessageBytes, allowZstandard, out var batch);
        if (error != ErrorCode.None)
            return error;
        lock (_lock)
        {
            if (_isDeleted)
                return ErrorCode.UnknownTopicOrPartition;
            error = _producers.Check(batch, out baseOffset);
            if (error != ErrorCode.None || baseOffset >= 0)
                return error;
            try
            {
                if (Active.Size > 0 && Active.Size + batch.Size > _config.SegmentBytes)
                {
                    Roll();
                    DeleteExpiredSegments();
                }

                batch = batch with { BaseOffset = Active.NextOffset };
                RecordBatch.Stamp(records.Span, batch.BaseOffset, LeaderEpoch);
                Active.Append(batch, records.Span);
            }
            catch (IOException exception)
            {
                Diagnostics.Error($"Appending to {_folder} failed: {exception.Message}");
                return ErrorCode.KafkaStorageError;
            }

            baseOffset = batch.BaseOffset;
            _producers.Add(batch, _time.GetUtcNow());
            _flusher.Add(Active);
            foreach (var wait in _waits)
                wait.Add(batch.Size);
            return ErrorCode.None;
        }
    }

    /// <summary>Finds the bytes of a Fetch response: whole batches from the one that contains the offset on; the last can be cut.</summary>
    /// <param name="offset">The offset of the first record that the consumer needs.</param>
    /// <param name="maxBytes">The maximum number of bytes.</param>
    /// <param name="allowLarger">Whether a first batch above the maximum is returned all the same, so that the consumer advances.</param>
    /// <param name="slice">The place of the bytes, empty at the end of the log.</param>
    public ErrorCode Locate(long offset, int maxBytes, bool allowLarger, out LogSlice slice)
    {
        lock (_lock)
        {
            slice = new(null, 0, 0, _startOffset, Active.NextOffset);
            if (_isDeleted)
                return ErrorCode.UnknownTopicOrPartition;
            if (offset < slice.StartOffset || offset > slice.EndOffset)
                return ErrorCode.OffsetOutOfRange;
            if (offset == slice.EndOffset)
                return ErrorCode.None;
            var segment = _segments.FindLast(segment => segment.BaseOffset <= offset)!;
            var (batch, position) = segment.ReadBatches(segment.PositionBefore(offset), segment.Size)
                .First(found => found.Batch.NextOffset > offset);
            var length = (int)Math.Min(maxBytes, segment.Size - position);
            if (length < batch.Size)
                length = allowLarger ? batch.Size : 0;
            slice = slice with { Segment = segment, Position = position, Length = length };
            return ErrorCode.None;
        }
    }

    /// <summary>Adds a wait for more bytes than those before an end offset; completes it if the partition has changed since.</summary>
    public void AddWait(FetchWait wait, long seenEndOffset)
    {
        lock (_lock)
        {
            _waits.Add(wait);
            if (_isDeleted || Active.NextOffset != seenEndOffset)
                wait.Complete();
        }
    }

    public void RemoveWait(FetchWait wait)
    {
        lock (_lock)
            _waits.Remove(wait);
    }

    /// <summary>Returns the first record at or after a timestamp, or (-1, -1) when there is none.</summary>
    public (long Offset, long Timestamp) FindTimestamp(long timestamp)
    {
        lock (_lock)
        {
            var segment = _segments.Find(segment => segment.MaxTimestamp >= timestamp && segment.NextOffset > _startOffset);
            if (_isDeleted || segment is null)
                return (-1, -1);
            foreach (var (batch, position) in segment.ReadBatches(segment.PositionBeforeTimestamp(timestamp), segment.Size))
            {
                if (batch.MaxTimestamp < timestamp || batch.NextOffset <= _startOffset)
                    continue;
                var bytes = new byte[batch.Size];
                segment.Read(bytes, position);
                return RecordTimestamps.FirstAtOrAfter(batch, bytes, timestamp);
            }

            return (-1, -1);
        }
    }

    /// <summary>Returns the record with the largest timestamp, or (-1, -1) when the log is empty.</summary>
    public (long Offset, long Timestamp) FindMaxTimestamp()
    {
        lock (_lock)
            return FindTimestamp(_segments.Max(segment => segment.MaxTimestamp));
    }

    /// <summary>Advances the log start offset; records before it are no longer read, and their segments are deleted.</summary>
    public ErrorCode DeleteRecords(long beforeOffset, out long startOffset)
    {
        lock (_lock)
        {
            startOffset = -1;
            if (_isDeleted)
                return ErrorCode.UnknownTopicOrPartition;
            if (beforeOffset > Active.NextOffset || beforeOffset < -1)
                return ErrorCode.OffsetOutOfRange;
            _startOffset = Math.Max(_startOffset, beforeOffset == -1 ? Active.NextOffset : beforeOffset);
            DurableFile.WriteAllText(StartOffsetPath, _startOffset.ToString(CultureInfo.InvariantCulture));
            DeleteExpiredSegments();
            startOffset = _startOffset;
            return ErrorCode.None;
        }
    }

    public void ApplyRetention()
    {
        lock (_lock)
        {
            if (_isDeleted)
                return;
            _producers.RemoveExpired(_time.GetUtcNow());
            DeleteExpiredSegments();
        }
    }

    /// <summary>Ends all use of the partition because its topic is deleted.</summary>
    public void MarkDeleted()
    {
        lock (_lock)
        {
            _isDeleted = true;
            foreach (var wait in _waits)
                wait.Complete();
            Dispose();
        }
    }

    public void Dispose() => _segments.ForEach(segment => segment.Dispose());

    private void Recover()
    {
        var paths = Directory.GetFiles(_folder, "*.log").Order(StringComparer.Ordinal).ToArray();
        for (var i = 0; i < paths.Length; i++)
        {
            var isLast = i == paths.Length - 1;
            var truncated = Segment.Recover(paths[i], verifyCrc: isLast, AddToProducers, out var segment);
            _segments.Add(segment);
            if (truncated)
                Diagnostics.Warn($"Truncated {paths[i]} to {segment.Size} bytes: it ended within a record batch");
            if (isLast || segment.NextOffset == Segment.BaseOffsetOf(paths[i + 1]))
                continue;
            Diagnostics.Warn($"Deleted {paths.Length - i - 1} segments after {paths[i]}: records are missing between them");
            Array.ForEach(paths[(i + 1)..], File.Delete);
            break;
        }

        if (_segments.Count == 0)
            _segments.Add(Segment.Create(_folder, 0));
        var stored = File.Exists(StartOffsetPath) ? long.Parse(File.ReadAllText(StartOffsetPath), CultureInfo.InvariantCulture) : 0;
        _startOffset = Math.Min(Math.Max(stored, _segments[0].BaseOffset), Active.NextOffset);

        void AddToProducers(RecordBatch batch) => _producers.Add(batch, _time.GetUtcNow());
    }

    private void Roll() => _segments.Add(Segment.Create(_folder, Active.NextOffset));

    private void DeleteExpiredSegments()
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var total = _segments.Sum(segment => segment.Size);
        while (IsExpired(_segments[0], total, now))
        {
            var segment = _segments[0];
            if (segment == Active)
                Roll(); // an empty segment keeps the end offset
            total -= segment.Size;
            _segments.RemoveAt(0);
            _startOffset = Math.Max(_startOffset, _segments[0].BaseOffset);
            segment.Delete();
        }
    }

    private bool IsExpired(Segment segment, long totalBytes, long now) => segment.Size > 0
        && (segment.NextOffset <= _startOffset
            || (_config.RetentionBytes >= 0 && segment != Active && totalBytes - segment.Size >= _config.RetentionBytes)
            || (_config.RetentionMs >= 0 && segment.MaxTimestamp >= 0 && now - segment.MaxTimestamp > _config.RetentionMs));
}

/// <summary>A range of bytes in a segment, and the offsets of the partition when it was found.</summary>
internal readonly record struct LogSlice(Segment? Segment, long Position, int Length, long StartOffset, long EndOffset);
