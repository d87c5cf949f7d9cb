using System.Buffers;
using System.Buffers.Binary;

namespace ForgeShop.StandIns.KafkaBrokerProgram;

/// <summary>A request or response as it travels: four bytes of length, then the rest. The buffer goes back to the pool.</summary>
internal readonly struct Frame : IDisposable
{
    /// <summary>Far more than librdkafka's largest message or fetch; whoever announces more does not speak Kafka.</summary>
    private const int MaxLength = 128 * 1024 * 1024;

    private readonly byte[] buffer;
    private readonly int length;

    private Frame(byte[] buffer, int length)
    {
        this.buffer = buffer;
        this.length = length;
    }

    public ReadOnlyMemory<byte> Whole => buffer.AsMemory(0, length);

    public Span<byte> Body => buffer.AsSpan(4, length - 4);

    /// <summary>Null at the end of the stream.</summary>
    public static async Task<Frame?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var prefix = new byte[4];
        if (await stream.ReadAtLeastAsync(prefix, 4, throwOnEndOfStream: false, cancellationToken) < 4)
            return null;
        var bodyLength = BinaryPrimitives.ReadInt32BigEndian(prefix);
        if (bodyLength is < 4 or > MaxLength)
            throw new InvalidDataException("a frame's length is not one of Kafka's");

        var buffer = ArrayPool<byte>.Shared.Rent(4 + bodyLength);
        try
        {
            prefix.CopyTo(buffer, 0);
            await stream.ReadExactlyAsync(buffer.AsMemory(4, bodyLength), cancellationToken);
            return new Frame(buffer, 4 + bodyLength);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);
}

/// <summary>What every request starts with.</summary>
internal readonly record struct RequestHeader(Api Api, short Version, int Correlation, int Length)
{
    public static RequestHeader Read(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        var (api, version, correlation) = ((Api)reader.Int16(), reader.Int16(), reader.Int32());
        _ = reader.NullableString(); // the client's name
        return new(api, version, correlation, reader.Position);
    }
}
