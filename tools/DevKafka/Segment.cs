using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ForgeShop.DevKafka;

/// <summary>One file of a partition: record batches in order. Its name is the first offset.</summary>
internal sealed class Segment : IDisposable
{
    private const int IndexInterval = 4 * 1024;

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly List<(long Offset, long Position)> _index = [];

    private bool _isFlushed = true;

    /// <summary>Opens a segment, rebuilds the index, and truncates the part of a batch that a killed broker can leave at the end.</summary>
    public Segment(string path, bool verifyCrc = false, Action<RecordBatch>? onBatch = null)
    {
        _path = path;
        BaseOffset = NextOffset = long.Parse(Path.GetFileNameWithoutExtension(path), CultureInfo.InvariantCulture);
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(_file);
        foreach (var (batch, position) in ReadBatches(0, length))
        {
            var bytes = new byte[verifyCrc ? batch.Size : 0];
            Read(bytes, position);
            var isNext = batch.Magic == 2 && batch.BaseOffset == NextOffset && batch.LastOffsetDelta >= 0;
            if (!isNext || (verifyCrc && !batch.HasValidCrc(bytes)))
                break;
            Add(batch);
            onBatch?.Invoke(batch);
        }
        if (Size < length)
        {
            Console.Error.WriteLine($"warning: Truncated {path} to {Size} bytes: it ended within a record batch");
            RandomAccess.SetLength(_file, Size);
        }
    }

    public long BaseOffset { get; }
    public long NextOffset { get; private set; }
    public long Size { get; private set; }

    /// <summary>Gets the largest timestamp in the segment, or -1 when it is empty.</summary>
    public long MaxTimestamp { get; private set; } = -1;

    public void Append(RecordBatch batch, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, Size);
        Add(batch);
        _isFlushed = false;
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

    /// <summary>Fills the buffer from a position in the file.</summary>
    public void Read(Span<byte> buffer, long position)
    {
        if (RandomAccess.Read(_file, buffer, position) < buffer.Length)
            throw new IOException($"{_path} ends before {position + buffer.Length}");
    }

    /// <summary>Writes the appended batches from the page cache to the disk. It needs no lock.</summary>
    /// <exception cref="ObjectDisposedException">The segment is deleted.</exception>
    public void FlushToDisk()
    {
        if (!Interlocked.Exchange(ref _isFlushed, true))
            RandomAccess.FlushToDisk(_file);
    }

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
}
