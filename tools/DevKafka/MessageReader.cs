using System.Buffers.Binary;
using System.Text;

namespace ForgeShop.DevKafka;

/// <summary>Reads the fields of one request in the order of its schema.</summary>
/// <exception cref="InvalidDataException">A field reaches beyond the end of the request.</exception>
internal sealed class MessageReader(Memory<byte> message)
{
    /// <summary>Gets or sets the number of bytes read.</summary>
    public int Position { get; set; }

    public bool ReadBool() => Take(1)[0] != 0;
    public sbyte ReadInt8() => (sbyte)Take(1)[0];
    public short ReadInt16() => BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short)));
    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));
    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));
    public string ReadString() => ReadNullableString() ?? string.Empty;

    public string? ReadNullableString()
    {
        var length = ReadInt16();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>Returns the bytes without copying them; null becomes empty.</summary>
    public Memory<byte> ReadBytes()
    {
        var length = Math.Max(0, ReadInt32());
        Take(length);
        return message.Slice(Position - length, length);
    }

    /// <summary>Returns the number of items, or -1 for null.</summary>
    public int ReadArrayLength()
    {
        var length = ReadInt32();
        if (length > message.Length - Position)
            throw new InvalidDataException($"an array of {length} items does not fit into the request");
        return length;
    }

    public List<T>? ReadNullableArray<T>(Func<T> readItem)
    {
        var length = ReadArrayLength();
        if (length < 0)
            return null;
        var items = new List<T>();
        while (items.Count < length)
            items.Add(readItem());
        return items;
    }

    public List<T> ReadArray<T>(Func<T> readItem) => ReadNullableArray(readItem) ?? [];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > message.Length - Position)
            throw new InvalidDataException($"a field of {count} bytes reaches beyond the end of the request");
        Position += count;
        return message.Span.Slice(Position - count, count);
    }
}
