using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ForgeShop.DevKafka;

/// <summary>The header of a record batch in format 2 ("magic 2"). Batches are stored as the producer sent them.</summary>
internal readonly record struct RecordBatch(
    long BaseOffset, int Size, sbyte Magic, int LastOffsetDelta, long MaxTimestamp, long ProducerId, short ProducerEpoch, int BaseSequence)
{
    public const int HeaderSize = 61;

    // The length field does not count the base offset and itself.
    private const int LengthOverhead = 12;
    private const int CrcAt = 17;
    private const int CrcCoversFrom = 21;
    private const int TransactionalOrControl = 0x30;

    public long NextOffset => BaseOffset + LastOffsetDelta + 1;
    public bool HasProducer => ProducerId >= 0;

    /// <summary>Gets the sequence number of the last record; sequence numbers continue at 0 after <see cref="int.MaxValue"/>.</summary>
    public int LastSequence => (int)(((long)BaseSequence + LastOffsetDelta) & int.MaxValue);

    /// <summary>Parses a header of at least <see cref="HeaderSize"/> bytes without validating it.</summary>
    public static RecordBatch Parse(ReadOnlySpan<byte> header) => new(
        BaseOffset: BinaryPrimitives.ReadInt64BigEndian(header),
        Size: (int)Math.Clamp(BinaryPrimitives.ReadInt32BigEndian(header[8..]) + (long)LengthOverhead, 0, int.MaxValue),
        Magic: (sbyte)header[16],
        LastOffsetDelta: BinaryPrimitives.ReadInt32BigEndian(header[23..]),
        MaxTimestamp: BinaryPrimitives.ReadInt64BigEndian(header[35..]),
        ProducerId: BinaryPrimitives.ReadInt64BigEndian(header[43..]),
        ProducerEpoch: BinaryPrimitives.ReadInt16BigEndian(header[51..]),
        BaseSequence: BinaryPrimitives.ReadInt32BigEndian(header[53..]));

    /// <summary>Parses and checks the bytes that a producer sent for one partition: exactly one batch.</summary>
    public static ErrorCode Validate(ReadOnlySpan<byte> records, int maxMessageBytes, out RecordBatch batch)
    {
        batch = default;
        if (records.Length < HeaderSize)
            return ErrorCode.CorruptMessage;
        batch = Parse(records);
        if (batch.Magic != 2)
            return ErrorCode.UnsupportedForMessageFormat;
        if (batch.Size > maxMessageBytes)
            return ErrorCode.MessageTooLarge;
        if (batch.Size < HeaderSize || batch.Size > records.Length || !batch.HasValidCrc(records))
            return ErrorCode.CorruptMessage;
        var recordCount = BinaryPrimitives.ReadInt32BigEndian(records[57..]);
        var attributes = BinaryPrimitives.ReadInt16BigEndian(records[CrcCoversFrom..]);
        var isWellFormed = batch.Size == records.Length
            && recordCount > 0
            && batch.LastOffsetDelta == recordCount - 1
            && (attributes & TransactionalOrControl) == 0
            && (!batch.HasProducer || (batch.ProducerEpoch >= 0 && batch.BaseSequence >= 0));
        return isWellFormed ? ErrorCode.None : ErrorCode.InvalidRecord;
    }

    /// <summary>Returns whether the CRC in the header is the CRC-32C of the bytes after it.</summary>
    public bool HasValidCrc(ReadOnlySpan<byte> batch) =>
        Crc32C(batch[CrcCoversFrom..Size]) == BinaryPrimitives.ReadUInt32BigEndian(batch[CrcAt..]);

    public static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }
}
