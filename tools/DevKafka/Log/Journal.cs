using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace ForgeShop.DevKafka.Log;

/// <summary>
/// A file of entries that are only appended: the size, the CRC-32C and the payload of each. A part of an entry at the end, left by a
/// killed broker, is overwritten.
/// </summary>
internal sealed class Journal : IFlushable, IDisposable
{
    private const int HeaderSize = 8;

    private readonly string _path;
    private SafeFileHandle _file;

    private Journal(string path, SafeFileHandle file, long size) => (_path, _file, Size) = (path, file, size);

    public long Size { get; private set; }

    /// <summary>Opens the file and passes every whole entry to an action.</summary>
    public static Journal Open(string path, Action<Memory<byte>> onEntry)
    {
        var bytes = File.Exists(path) ? File.ReadAllBytes(path).AsMemory() : Memory<byte>.Empty;
        var position = 0;
        while (TryReadEntry(bytes[position..], out var payload))
        {
            onEntry(payload);
            position += HeaderSize + payload.Length;
        }

        var file = OpenFile(path);
        RandomAccess.SetLength(file, position);
        return new(path, file, position);
    }

    public void Append(ReadOnlySpan<byte> payload)
    {
        var entry = Encode(payload);
        RandomAccess.Write(_file, entry, Size);
        Size += entry.Length;
    }

    /// <summary>Replaces all entries.</summary>
    public void Rewrite(IEnumerable<byte[]> payloads)
    {
        byte[] content = [.. payloads.SelectMany(payload => Encode(payload))];
        DurableFile.WriteAllBytes(_path, content);
        var old = _file;
        (_file, Size) = (OpenFile(_path), content.Length);
        old.Dispose();
    }

    public void FlushToDisk() => RandomAccess.FlushToDisk(_file);

    public void Dispose() => _file.Dispose();

    private static SafeFileHandle OpenFile(string path) =>
        File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);

    private static byte[] Encode(ReadOnlySpan<byte> payload)
    {
        var entry = new byte[HeaderSize + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(entry, payload.Length);
        BinaryPrimitives.WriteUInt32BigEndian(entry.AsSpan(4), RecordBatch.Crc32C(payload));
        payload.CopyTo(entry.AsSpan(HeaderSize));
        return entry;
    }

    private static bool TryReadEntry(Memory<byte> bytes, out Memory<byte> payload)
    {
        payload = default;
        if (bytes.Length < HeaderSize)
            return false;
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes.Span);
        if (length <= 0 || length > bytes.Length - HeaderSize)
            return false;
        payload = bytes.Slice(HeaderSize, length);
        return RecordBatch.Crc32C(payload.Span) == BinaryPrimitives.ReadUInt32BigEndian(bytes.Span[4..]);
    }
}
