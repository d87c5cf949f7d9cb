using System.Buffers;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ForgeShop.DevKafka.Log;

/// <summary>
/// One file of a partition: record batches one after another. The name of the file is the offset of its first record.
/// The partition's lock guards all members but <see cref="ReadBatches"/> and <see cref="Read"/>.
/// </summary>
internal sealed class Segment : IFlushable, IDisposable
{
    private const int IndexInterval = 16 * 1024;

    private readonly SafeFileHandle _file;
    private readonly List<IndexEntry> _index = [];

    private Segment(string path, long baseOffset)
    {
        (Path, BaseOffset, NextOffset) = (path, baseOffset, baseOffset);
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    public string Path { get; }

    public long BaseOffset { get; }

    public long NextOffset { get; private set; }

    public long Size { get; private set; }

    /// <summary>Gets the largest timestamp in the segment, or -1 when it is empty.</summary>
    public long MaxTimestamp { get; private set; } = -1;

    public static Segment Create(string folder, long baseOffset) =>
        new(System.IO.Path.Combine(folder, $"{baseOffset:D20}.log"), baseOffset);

    public static long BaseOffsetOf(string path) =>
        long.Parse(System.IO.Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture);

    /// <summary>
    /// Opens a segment, rebuilds the index, and truncates the file behind the last whole batch: a killed broker can leave a part of one.
    /// </summary>
    /// <returns>Whether the file was truncated.</returns>
    public static bool Recover(string path, bool verifyCrc, Action<RecordBatch> onBatch, out Segment segment)
    {
        segment = new Segment(path, BaseOffsetOf(path));
        var length = RandomAccess.GetLength(segment._file);
        foreach (var (batch, position) in segment.ReadBatches(0, length))
        {
            if (batch.Magic != 2 || batch.BaseOffset != segment.NextOffset || batch.LastOffsetDelta < 0)
                break;
            if (verifyCrc && !segment.HasValidCrc(batch, position))
                break;
            segment.Add(batch);
            onBatch(batch);
        }

        if (segment.Size == length)
            return false;
        RandomAccess.SetLength(segment._file, segment.Size);
        return true;
    }

    public void Append(RecordBatch batch, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, Size);
        Add(batch);
    }

    /// <summary>Returns a position at or before the batch that contains the offset, at most one index interval away.</summary>
    public long PositionBefore(long offset) => Search(entry => entry.BaseOffset <= offset);

    /// <summary>Returns a position at or before the first batch with a record at or after the timestamp.</summary>
    public long PositionBeforeTimestamp(long timestamp) => Search(entry => entry.MaxTimestampBefore < timestamp);

    /// <summary>Returns the headers of the batches between two positions, in order. Ends before a batch that is not whole.</summary>
    /// <exception cref="ObjectDisposedException">The segment is deleted.</exception>
    public IEnumerable<(RecordBatch Batch, long Position)> ReadBatches(long position, long end)
    {
        var window = ArrayPool<byte>.Shared.Rent(IndexInterval);
        var (windowStart, windowLength) = (0L, 0);
        try
        {
            while (position + RecordBatch.HeaderSize <= end)
            {
                if (position + RecordBatch.HeaderSize > windowStart + windowLength)
                {
                    windowLength = RandomAccess.Read(_file, window.AsSpan(0, (int)Math.Min(window.Length, end - position)), position);
                    windowStart = position;
                    if (windowLength < RecordBatch.HeaderSize)
                        yield break;
                }

                var batch = RecordBatch.Parse(window.AsSpan((int)(position - windowStart)));
                if (batch.Size < RecordBatch.HeaderSize || batch.Size > end - position)
                    yield break;
                yield return (batch, position);
                position += batch.Size;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
    }

    /// <summary>Fills the buffer from a position in the file.</summary>
    /// <exception cref="ObjectDisposedException">The segment is deleted.</exception>
    public void Read(Span<byte> buffer, long position)
    {
        while (buffer.Length > 0)
        {
            var count = RandomAccess.Read(_file, buffer, position);
            if (count == 0)
                throw new EndOfStreamException($"{Path} ends at {position}");
            buffer = buffer[count..];
            position += count;
        }
    }

    public void FlushToDisk() => RandomAccess.FlushToDisk(_file);

    public void Delete()
    {
        Dispose();
        File.Delete(Path);
    }

    public void Dispose() => _file.Dispose();

    private void Add(RecordBatch batch)
    {
        if (_index.Count == 0 || Size - _index[^1].Position >= IndexInterval)
            _index.Add(new(batch.BaseOffset, Size, MaxTimestamp));
        Size += batch.Size;
        NextOffset = batch.NextOffset;
        MaxTimestamp = Math.Max(MaxTimestamp, batch.MaxTimestamp);
    }

    private bool HasValidCrc(RecordBatch batch, long position)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(batch.Size);
        try
        {
            Read(bytes.AsSpan(0, batch.Size), position);
            return batch.HasValidCrc(bytes);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Returns the position of the last entry that fulfils a condition which holds for a first part of the index only.</summary>
    private long Search(Func<IndexEntry, bool> holds)
    {
        var (low, high) = (0, _index.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (holds(_index[middle]))
                low = middle + 1;
            else
                high = middle;
        }

        return low == 0 ? 0 : _index[low - 1].Position;
    }

    private readonly record struct IndexEntry(long BaseOffset, long Position, long MaxTimestampBefore);
}
