using System.Buffers.Binary;
using System.Net.Sockets;

namespace ForgeShop.DevKafka;

/// <summary>The connection of one client. As in Apache Kafka, its requests are handled one after another, in order.</summary>
internal sealed class Connection(Broker broker, Socket socket)
{
    private const int MaxRequestBytes = 100 * 1024 * 1024;
    private const int ReadBufferBytes = 16 * 1024;

    private readonly MessageWriter _writer = new();

    public async Task RunAsync(CancellationToken stopping)
    {
        var client = socket.RemoteEndPoint;
        try
        {
            socket.NoDelay = true;
            await using var output = new NetworkStream(socket, ownsSocket: true);
            var input = new BufferedStream(output, ReadBufferBytes); // not disposed: that would wait for the pending read
            var next = ReadRequestAsync(input, stopping);
            while (true)
            {
                var request = await next;
                next = ReadRequestAsync(input, stopping);
                await HandleAsync(request, next, output, stopping);
            }
        }
        catch (Exception exception) when (exception is EndOfStreamException or OperationCanceledException
            || exception.InnerException is SocketException)
        {
            // The client closed the connection, or the broker stops.
        }
        catch (Exception exception)
        {
            var cause = exception is InvalidDataException ? $"warning: {exception.Message}" : $"error: {exception}";
            Console.Error.WriteLine($"{cause}; closed the connection of {client}");
        }
    }

    private static async Task<byte[]> ReadRequestAsync(Stream input, CancellationToken stopping)
    {
        var prefix = new byte[sizeof(int)];
        await input.ReadExactlyAsync(prefix, stopping);
        var size = BinaryPrimitives.ReadInt32BigEndian(prefix);
        if (size is < 8 or > MaxRequestBytes)
            throw new InvalidDataException($"a request of {size} bytes is not of the Kafka protocol");
        var request = GC.AllocateUninitializedArray<byte>(size);
        await input.ReadExactlyAsync(request, stopping);
        return request;
    }

    private async Task HandleAsync(byte[] request, Task nextRequest, Stream output, CancellationToken stopping)
    {
        var reader = new MessageReader(request);
        var (key, version, correlationId) = (reader.ReadInt16(), reader.ReadInt16(), reader.ReadInt32());
        var exchange = new Exchange(broker, version, reader.ReadString(), reader, _writer, nextRequest, stopping);
        _writer.Position = 0;
        _writer.WriteInt32(0); // the size, when it is known
        _writer.WriteInt32(correlationId);
        Task handled;
        lock (broker.StateLock)
            handled = Api.DispatchAsync(key, exchange);
        await handled;
        if (_writer.Position > 0)
            await output.WriteAsync(_writer.Complete(), stopping);
    }
}
