using System.Buffers.Binary;
using System.Net.Sockets;

namespace ForgeShop.DevKafka.Tests;

/// <summary>Sends single requests as bytes.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client = new();

    public static async Task<RawClient> ConnectAsync(int port)
    {
        var client = new RawClient();
        await client._client.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Sends a request and returns the response behind the correlation ID.</summary>
    public async Task<MessageReader> SendAsync(short apiKey, short version, Action<MessageWriter> writeBody)
    {
        await SendOnlyAsync(apiKey, version, writeBody);
        return await ReceiveAsync();
    }

    /// <summary>Sends a request with header version 1; <see cref="ReceiveAsync"/> returns the response.</summary>
    public Task SendOnlyAsync(short apiKey, short version, Action<MessageWriter> writeBody)
    {
        var writer = new MessageWriter();
        writer.WriteInt32(0);
        writer.WriteInt16(apiKey);
        writer.WriteInt16(version);
        writer.WriteInt32(42);
        writer.WriteString("raw");
        writeBody(writer);
        return SendAsync(writer.Complete().ToArray());
    }

    public async Task<MessageReader> ReceiveAsync()
    {
        var response = new MessageReader(await ReadAsync());
        response.ReadInt32().ShouldBe(42);
        return response;
    }

    /// <summary>Asks for a topic by Metadata version 4, and returns its error.</summary>
    public async Task<ErrorCode> FindTopicAsync(string topic, bool allowAutoCreation)
    {
        var response = await SendAsync(3, 4, writer =>
        {
            writer.WriteArray([topic], writer.WriteString);
            writer.WriteBool(allowAutoCreation);
        });
        response.ReadInt32(); // throttle time
        response.ReadArray(() => (response.ReadInt32(), response.ReadString(), response.ReadInt32(), response.ReadString())); // brokers
        response.ReadString(); // cluster ID
        response.ReadInt32(); // controller
        response.ReadArrayLength().ShouldBe(1);
        return (ErrorCode)response.ReadInt16();
    }

    /// <summary>Sends one batch by Produce version 7, and returns the error and the base offset.</summary>
    public async Task<(ErrorCode Error, long BaseOffset)> ProduceAsync(string topic, int partition, byte[] batch, short acks = -1)
    {
        var response = await SendAsync(0, 7, writer =>
        {
            writer.WriteString(null);
            writer.WriteInt16(acks);
            writer.WriteInt32(1_000);
            writer.WriteArray([topic], name =>
            {
                writer.WriteString(name);
                writer.WriteArray([partition], index =>
                {
                    writer.WriteInt32(index);
                    writer.WriteBytes(batch);
                });
            });
        });
        response.ReadArrayLength().ShouldBe(1);
        response.ReadString().ShouldBe(topic);
        response.ReadArrayLength().ShouldBe(1);
        response.ReadInt32().ShouldBe(partition);
        return ((ErrorCode)response.ReadInt16(), response.ReadInt64());
    }

    public async Task SendAsync(byte[] bytes) => await _client.GetStream().WriteAsync(bytes, TestContext.Current.CancellationToken);

    /// <summary>Reads one response; an end of the stream is an exception.</summary>
    public async Task<byte[]> ReadAsync()
    {
        using var timeout = new CancellationTokenSource(Eventually.DefaultTimeout);
        var size = new byte[4];
        await _client.GetStream().ReadExactlyAsync(size, timeout.Token);
        var bytes = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        await _client.GetStream().ReadExactlyAsync(bytes, timeout.Token);
        return bytes;
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>Builds record batches.</summary>
internal static class Batches
{
    public static byte[] Create(
        int records = 1, long producerId = -1, short epoch = -1, int sequence = -1, long? timestamp = null, int valueBytes = 10)
    {
        var body = new List<byte>();
        for (var i = 0; i < records; i++)
        {
            var record = new byte[valueBytes];
            Array.Fill(record, (byte)'v');
            byte[] fields = [0, 0, .. Varint(i), .. Varint(-1), .. Varint(valueBytes), .. record, 0];
            body.AddRange([.. Varint(fields.Length), .. fields]);
        }

        var batch = new byte[RecordBatch.HeaderSize + body.Count];
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(8), batch.Length - 12);
        batch[16] = 2;
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(23), records - 1);
        var time = timestamp ?? TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(27), time);
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(35), time);
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(43), producerId);
        BinaryPrimitives.WriteInt16BigEndian(batch.AsSpan(51), epoch);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(53), sequence);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(57), records);
        body.CopyTo(batch, RecordBatch.HeaderSize);
        BinaryPrimitives.WriteUInt32BigEndian(batch.AsSpan(17), RecordBatch.Crc32C(batch.AsSpan(21)));
        return batch;
    }

    private static byte[] Varint(int value)
    {
        var bytes = new List<byte>();
        var zigzag = (uint)((value << 1) ^ (value >> 31));
        for (; zigzag >= 0x80; zigzag >>= 7)
            bytes.Add((byte)(zigzag | 0x80));
        bytes.Add((byte)zigzag);
        return [.. bytes];
    }
}
