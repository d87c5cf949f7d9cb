namespace ForgeShop.DevKafka.Log;

/// <summary>Reads offsets and timestamps of the records inside a batch, for offsets by timestamp.</summary>
internal static class RecordTimestamps
{
    /// <summary>
    /// Returns the first record at or after the timestamp, which the batch must contain.
    /// A compressed batch is not decompressed: its first record is returned, so that no record is missed.
    /// </summary>
    public static (long Offset, long Timestamp) FirstAtOrAfter(RecordBatch batch, ReadOnlySpan<byte> bytes, long timestamp)
    {
        if (batch.CompressionCodec != 0 || batch.BaseTimestamp >= timestamp)
            return (batch.BaseOffset, batch.BaseTimestamp);
        var position = RecordBatch.HeaderSize;
        for (var i = 0; i < batch.RecordCount; i++)
        {
            var length = (int)ReadVarint(bytes, ref position);
            var next = position + length;
            position++; // attributes
            var recordTimestamp = batch.BaseTimestamp + ReadVarint(bytes, ref position);
            if (recordTimestamp >= timestamp)
                return (batch.BaseOffset + ReadVarint(bytes, ref position), recordTimestamp);
            position = next;
        }

        return (batch.NextOffset - 1, batch.MaxTimestamp);
    }

    private static long ReadVarint(ReadOnlySpan<byte> bytes, ref int position)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = bytes[position++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                break;
        }

        return (long)(value >> 1) ^ -(long)(value & 1); // zigzag: the lowest bit is the sign
    }
}
