using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ForgeShop.DevKafka;

/// <summary>One file of a partition: record batches in order. Its name is the first offset. The partition's lock guards it.</summary>
internal sealed class Segment : IDisposable
{
    private const int IndexInterval = 4 * 1024;

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly List<(long Offset, long Position)> _index = [];

    private Segment(string path)
    {
        _path = path;
        BaseOffset = NextOffset = long.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture);
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    public long BaseOffset { get; }
    public long NextOffset { get; private set; }
    public long Size { get; private set; }

    /// <summary>Gets the largest timestamp in the segment, or -1 when it is empty.</summary>
    public long MaxTimestamp { get; private set; } = -1;

    public static Segment Create(string folder, long baseOffset) => new(Path.Combine(folder, $"{baseOffset:D20}.log"));

    /// <summary>Opens a segment, rebuilds the index, and truncates the part of a batch that a killed broker can leave at the end.</summary>
    public static Segment Recover(string path, bool verifyCrc, Action<RecordBatch> onBatch)
    {
        var segment = new Segment(path);
        var length = RandomAccess.GetLength(segment._file);
        foreach (var (batch, position) in segment.ReadBatches(0, length))
        {
            var isNext = batch.Magic == 2 && batch.BaseOffset == segment.NextOffset && batch.LastOffsetDelta >= 0;
            if (!isNext || (verifyCrc && !segment.HasValidCrc(batch, position)))
                break;
            segment.Add(batch);
            onBatch(batch);
        }
        if (segment.Size < length)
        {
            Console.Error.WriteLine($"warning: Truncated {path} to {segment.Size} bytes: it ended within a record batch");
            RandomAccess.SetLength(segment._file, segment.Size);
        }
        return segment;
    }

    public void Append(RecordBatch batch, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, Size);
        Add(batch);
    }

    /// <summary>Returns the batch that contains the offset, and its position.</summary>
    public (RecordBatch Batch, long Position) Find(long offset)
    {
        var start = _index.FindLast(entry => entry.Offset <= offset).Position;
        return ReadBatches(start, Size).First(found => found.Batch.NextOffset > offset);
    }

    /// <summary>Returns the first batch with a record at or after the timestamp.</summary>
    public RecordBatch FindTimestamp(long timestamp) =>
        ReadBatches(0, Size).First(found => found.Batch.MaxTimestamp >= timestamp).Batch;

    /// <summary>Fills the buffer from a position in the file. It needs no lock.</summary>
    /// <exception cref="ObjectDisposedException">The segment is deleted.</exception>
    public void Read(Span<byte> buffer, long position)
    {
        if (RandomAccess.Read(_file, buffer, position) < buffer.Length)
            throw new IOException($"{_path} ends before {position + buffer.Length}");
    }

    public void FlushToDisk() => RandomAccess.FlushToDisk(_file);

    public void Dispose() => _file.Dispose();

    public void Delete()
    {
        Dispose();
        File.Delete(_path);
    }

    /// <summary>Returns the headers of the batches between two positions, in order. Ends before a batch that is not whole.</summary>
    private IEnumerable<(RecordBatch Batch, long Position)> ReadBatches(long position, long end)
    {
        var header = new byte[RecordBatch.HeaderSize];
        while (position + header.Length <= end)
        {
            Read(header, position);
            var batch = RecordBatch.Parse(header);
            if (batch.Size < header.Length || batch.Size > end - position)
                yield break;
            yield return (batch, position);
            position += batch.Size;
        }
    }

    private void Add(RecordBatch batch)
    {
        if (_index.Count == 0 || Size - _index[^1].Position >= IndexInterval)
            _index.Add((batch.BaseOffset, Size));
        Size += batch.Size;
        NextOffset = batch.NextOffset;
        MaxTimestamp = Math.Max(MaxTimestamp, batch.MaxTimestamp);
    }

    private bool HasValidCrc(RecordBatch batch, long position)
    {
        var bytes = new byte[batch.Size];
        Read(bytes, position);
        return batch.HasValidCrc(bytes);
    }
}
