using System.Buffers.Binary;
using System.Text;

namespace ForgeShop.DevKafka.Protocol;

/// <summary>Reads the fields of one request in the order of its schema.</summary>
/// <exception cref="InvalidDataException">A field reaches beyond the end of the request, or a required field is null.</exception>
internal sealed class MessageReader(Memory<byte> message)
{
    private int _position;

    /// <summary>Gets or sets whether strings, bytes and arrays are compact and structures end with tagged fields.</summary>
    public bool Flexible { get; set; }

    private int Remaining => message.Length - _position;

    public bool ReadBool() => Take(1)[0] != 0;

    public sbyte ReadInt8() => (sbyte)Take(1)[0];

    public short ReadInt16() => BinaryPrimitives.ReadInt16BigEndian(Take(sizeof(short)));

    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));

    public Guid ReadGuid() => new(Take(16), bigEndian: true);

    public string ReadString() => ReadNullableString() ?? throw new InvalidDataException("a required string is null");

    public string? ReadNullableString()
    {
        var length = Flexible ? ReadCompactLength() : ReadInt16();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>Returns the bytes without copying them; null becomes empty.</summary>
    public Memory<byte> ReadBytes()
    {
        var length = Flexible ? ReadCompactLength() : ReadInt32();
        if (length <= 0)
            return Memory<byte>.Empty;
        Take(length);
        return message.Slice(_position - length, length);
    }

    /// <summary>Returns the number of items, or -1 for null.</summary>
    public int ReadArrayLength()
    {
        var length = Flexible ? ReadCompactLength() : ReadInt32();
        if (length > Remaining)
            throw new InvalidDataException($"an array of {length} items does not fit into the request");
        return length;
    }

    public List<T> ReadArray<T>(Func<T> readItem) => ReadNullableArray(readItem) ?? [];

    public List<T>? ReadNullableArray<T>(Func<T> readItem, bool itemsAreStructures = true)
    {
        var length = ReadArrayLength();
        if (length < 0)
            return null;
        var items = new List<T>();
        for (var i = 0; i < length; i++)
        {
            items.Add(readItem());
            if (itemsAreStructures)
                SkipTags();
        }

        return items;
    }

    /// <summary>Skips the tagged fields at the end of a structure; all of them are optional for this broker.</summary>
    public void SkipTags()
    {
        if (!Flexible)
            return;
        for (var count = ReadUnsignedVarint(); count > 0; count--)
        {
            ReadUnsignedVarint();
            Take((int)Math.Min(ReadUnsignedVarint(), int.MaxValue));
        }
    }

    private int ReadCompactLength() => (int)Math.Min((long)ReadUnsignedVarint() - 1, int.MaxValue);

    private uint ReadUnsignedVarint()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = Take(1)[0];
            value |= (uint)(next & 0x7f) << shift;
            if (next < 0x80)
                return value;
        }

        throw new InvalidDataException("a variable-length integer has more than 5 bytes");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)Remaining)
            throw new InvalidDataException($"a field of {count} bytes reaches beyond the end of the request");
        var bytes = message.Span.Slice(_position, count);
        _position += count;
        return bytes;
    }
}
