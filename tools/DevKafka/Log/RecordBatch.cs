using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Log;

/// <summary>The header of a record batch in format 2 ("magic 2"). Batches are stored as the producer sent them.</summary>
internal readonly record struct RecordBatch(
    long BaseOffset,
    int Size,
    sbyte Magic,
    uint Crc,
    short Attributes,
    int LastOffsetDelta,
    long BaseTimestamp,
    long MaxTimestamp,
    long ProducerId,
    short ProducerEpoch,
    int BaseSequence,
    int RecordCount)
{
    public const int HeaderSize = 61;

    // The length field does not count the base offset and itself.
    private const int LengthOverhead = 12;
    private const int LeaderEpochAt = 12;
    private const int CrcAt = 17;
    private const int CrcCoversFrom = 21;
    private const int Zstandard = 4;
    private const int TransactionalOrControl = 0x30;

    public long NextOffset => BaseOffset + LastOffsetDelta + 1;

    public int CompressionCodec => Attributes & 0x7;

    public bool IsTransactionalOrControl => (Attributes & TransactionalOrControl) != 0;

    public bool HasProducer => ProducerId >= 0;

    /// <summary>Gets the sequence number of the last record; sequence numbers continue at 0 after <see cref="int.MaxValue"/>.</summary>
    public int LastSequence => (int)(((long)BaseSequence + LastOffsetDelta) & int.MaxValue);

    /// <summary>Parses a header of at least <see cref="HeaderSize"/> bytes without judging it.</summary>
    public static RecordBatch Parse(ReadOnlySpan<byte> header) => new(
        BaseOffset: BinaryPrimitives.ReadInt64BigEndian(header),
        Size: (int)Math.Clamp(BinaryPrimitives.ReadInt32BigEndian(header[8..]) + (long)LengthOverhead, 0, int.MaxValue),
        Magic: (sbyte)header[16],
        Crc: BinaryPrimitives.ReadUInt32BigEndian(header[CrcAt..]),
        Attributes: BinaryPrimitives.ReadInt16BigEndian(header[CrcCoversFrom..]),
        LastOffsetDelta: BinaryPrimitives.ReadInt32BigEndian(header[23..]),
        BaseTimestamp: BinaryPrimitives.ReadInt64BigEndian(header[27..]),
        MaxTimestamp: BinaryPrimitives.ReadInt64BigEndian(header[35..]),
        ProducerId: BinaryPrimitives.ReadInt64BigEndian(header[43..]),
        ProducerEpoch: BinaryPrimitives.ReadInt16BigEndian(header[51..]),
        BaseSequence: BinaryPrimitives.ReadInt32BigEndian(header[53..]),
        RecordCount: BinaryPrimitives.ReadInt32BigEndian(header[57..]));

    /// <summary>Parses and checks what a producer sent for one partition: exactly one batch.</summary>
    public static ErrorCode Validate(ReadOnlySpan<byte> records, int maxMessageBytes, bool allowZstandard, out RecordBatch batch)
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
        var isWellFormed = batch.Size == records.Length
            && batch.RecordCount > 0
            && batch.LastOffsetDelta == batch.RecordCount - 1
            && !batch.IsTransactionalOrControl
            && (!batch.HasProducer || (batch.ProducerEpoch >= 0 && batch.BaseSequence >= 0));
        if (!isWellFormed)
            return ErrorCode.InvalidRecord;
        return batch.CompressionCodec == Zstandard && !allowZstandard ? ErrorCode.UnsupportedCompressionType : ErrorCode.None;
    }

    /// <summary>Returns whether the CRC in the header is the CRC-32C of what follows it.</summary>
    public bool HasValidCrc(ReadOnlySpan<byte> batch) => Crc32C(batch[CrcCoversFrom..Size]) == Crc;

    /// <summary>Sets the fields that belong to the broker. The CRC does not cover them.</summary>
    public static void Stamp(Span<byte> batch, long baseOffset, int leaderEpoch)
    {
        BinaryPrimitives.WriteInt64BigEndian(batch, baseOffset);
        BinaryPrimitives.WriteInt32BigEndian(batch[LeaderEpochAt..], leaderEpoch);
    }

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
