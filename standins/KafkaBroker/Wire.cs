using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ForgeShop.StandIns.KafkaBrokerProgram;

/// <summary>Reads the primitive types of the Kafka protocol; throws <see cref="InvalidDataException"/> on nonsense.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> data = data;

    public int Position { get; private set; }

    public byte Int8() => Take(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public string? NullableString()
    {
        var length = Int16();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    public string String() => NullableString() ?? throw new InvalidDataException("a string is null");

    public byte[] Bytes()
    {
        var length = Int32();
        return length < 0 ? [] : Take(length).ToArray();
    }

    /// <summary>The length of an array; -1 for null. Every element takes a byte at least, so a length beyond the data is nonsense.</summary>
    public int ArrayLength()
    {
        var length = Int32();
        return length <= data.Length - Position ? length : throw new InvalidDataException("an array is longer than its request");
    }

    public void Skip(int count) => Take(count);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > data.Length - Position)
            throw new InvalidDataException("a request ends too early");
        var part = data.Slice(Position, count);
        Position += count;
        return part;
    }
}

/// <summary>Writes one response: length, correlation, then whatever is added.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new();

    public WireWriter(int correlation) => Int32(0).Int32(correlation);

    public WireWriter Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(buffer.GetSpan(2), value);
        buffer.Advance(2);
        return this;
    }

    public WireWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(buffer.GetSpan(4), value);
        buffer.Advance(4);
        return this;
    }

    public WireWriter Int64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(buffer.GetSpan(8), value);
        buffer.Advance(8);
        return this;
    }

    public WireWriter Error(Error error) => Int16((short)error);

    public WireWriter String(string? value)
    {
        if (value is null)
            return Int16(-1);
        Int16((short)Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, buffer);
        return this;
    }

    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        buffer.Write(value);
        return this;
    }

    /// <summary>Bytes that are in the protocol's form already.</summary>
    public WireWriter Raw(ReadOnlySpan<byte> value)
    {
        buffer.Write(value);
        return this;
    }

    /// <summary>The whole frame, its length filled in.</summary>
    public byte[] ToFrame()
    {
        var frame = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        return frame;
    }
}
