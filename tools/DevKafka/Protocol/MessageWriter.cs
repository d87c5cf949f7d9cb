using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ForgeShop.DevKafka.Protocol;

/// <summary>Writes the fields of one response, in the order of its schema, into a pooled buffer.</summary>
internal sealed class MessageWriter : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(512);

    /// <summary>Gets or sets whether strings, bytes and arrays are compact and structures end with tagged fields.</summary>
    public bool Flexible { get; set; }

    /// <summary>Gets or sets the number of bytes written; a smaller number discards what was written after it.</summary>
    public int Position { get; set; }

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Position);

    public void WriteBool(bool value) => Next(1)[0] = value ? (byte)1 : (byte)0;

    public void WriteInt8(sbyte value) => Next(1)[0] = (byte)value;

    public void WriteInt16(short value) => BinaryPrimitives.WriteInt16BigEndian(Next(sizeof(short)), value);

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Next(sizeof(int)), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(Next(sizeof(long)), value);

    public void WriteGuid(Guid value) => value.TryWriteBytes(Next(16), bigEndian: true, out _);

    public void WriteError(ErrorCode value) => WriteInt16((short)value);

    /// <summary>Writes 0 ms: this broker has no quotas.</summary>
    public void WriteThrottleTime() => WriteInt32(0);

    public void WriteString(string? value)
    {
        var length = value is null ? -1 : Encoding.UTF8.GetByteCount(value);
        if (Flexible)
            WriteUnsignedVarint((uint)(length + 1));
        else
            WriteInt16((short)length);
        if (value is not null)
            Encoding.UTF8.GetBytes(value, Next(length));
    }

    public void WriteBytes(ReadOnlySpan<byte> value) => value.CopyTo(WriteBytes(value.Length));

    /// <summary>Writes a length and returns the space for as many bytes.</summary>
    public Span<byte> WriteBytes(int length)
    {
        if (Flexible)
            WriteUnsignedVarint((uint)length + 1);
        else
            WriteInt32(length);
        return Next(length);
    }

    /// <summary>Writes the number of items, or -1 for null.</summary>
    public void WriteArrayLength(int length)
    {
        if (Flexible)
            WriteUnsignedVarint((uint)(length + 1));
        else
            WriteInt32(length);
    }

    public void WriteArray<T>(IReadOnlyCollection<T> items, Action<T> writeItem, bool itemsAreStructures = true)
    {
        WriteArrayLength(items.Count);
        foreach (var item in items)
        {
            writeItem(item);
            if (itemsAreStructures)
                WriteTags();
        }
    }

    /// <summary>Ends a structure without tagged fields.</summary>
    public void WriteTags()
    {
        if (Flexible)
            WriteUnsignedVarint(0);
    }

    /// <summary>Writes the size of the message into its first four bytes.</summary>
    public void PatchSize() => BinaryPrimitives.WriteInt32BigEndian(_buffer, Position - sizeof(int));

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void WriteUnsignedVarint(uint value)
    {
        for (; value >= 0x80; value >>= 7)
            Next(1)[0] = (byte)(value | 0x80);
        Next(1)[0] = (byte)value;
    }

    private Span<byte> Next(int count)
    {
        if (_buffer.Length - Position < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, Position + count));
            _buffer.AsSpan(0, Position).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var bytes = _buffer.AsSpan(Position, count);
        Position += count;
        return bytes;
    }
}
