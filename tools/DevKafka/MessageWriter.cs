using System.Buffers.Binary;
using System.Text;

namespace ForgeShop.DevKafka;

/// <summary>Writes the fields of a response in the order of its schema. One writer serves all responses of a connection.</summary>
internal sealed class MessageWriter
{
    private byte[] _buffer = new byte[512];

    /// <summary>Gets or sets the number of bytes written; a smaller number discards what was written after it.</summary>
    public int Position { get; set; }

    public void WriteBool(bool value) => WriteInt8((sbyte)(value ? 1 : 0));
    public void WriteInt8(sbyte value) => Next(1)[0] = (byte)value;
    public void WriteInt16(short value) => BinaryPrimitives.WriteInt16BigEndian(Next(sizeof(short)), value);
    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Next(sizeof(int)), value);
    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(Next(sizeof(long)), value);
    public void WriteError(ErrorCode value) => WriteInt16((short)value);
    public void WriteBytes(ReadOnlySpan<byte> value) => value.CopyTo(WriteBytes(value.Length));

    public void WriteString(string? value)
    {
        WriteInt16((short)(value is null ? -1 : Encoding.UTF8.GetByteCount(value)));
        if (value is not null)
            Encoding.UTF8.GetBytes(value, Next(Encoding.UTF8.GetByteCount(value)));
    }

    /// <summary>Writes a length and returns the space for as many bytes.</summary>
    public Span<byte> WriteBytes(int length)
    {
        WriteInt32(length);
        return Next(length);
    }

    public void WriteArray<T>(IReadOnlyCollection<T> items, Action<T> writeItem)
    {
        WriteInt32(items.Count);
        foreach (var item in items)
            writeItem(item);
    }

    /// <summary>Writes the size of the message into its first four bytes, and returns the message.</summary>
    public ReadOnlyMemory<byte> Complete()
    {
        BinaryPrimitives.WriteInt32BigEndian(_buffer, Position - sizeof(int));
        return _buffer.AsMemory(0, Position);
    }

    private Span<byte> Next(int count)
    {
        if (_buffer.Length - Position < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Position + count));
        Position += count;
        return _buffer.AsSpan(Position - count, count);
    }
}
