using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;

namespace ForgeShop.DevKafka;

/// <summary>The connection of one client. As in Apache Kafka, its requests are handled one after another, in order.</summary>
internal sealed class Connection(Broker broker, Socket socket)
{
    private const int MaxRequestBytes = 100 * 1024 * 1024;
    private const int ReadBufferBytes = 16 * 1024;

    public async Task RunAsync(CancellationToken stopping)
    {
        var client = socket.RemoteEndPoint;
        try
        {
            socket.NoDelay = true;
            await using var output = new NetworkStream(socket, ownsSocket: true);
            await using var input = new BufferedStream(output, ReadBufferBytes);
            while (true)
                await HandleNextAsync(input, output, stopping);
        }
        catch (InvalidDataException exception)
        {
            Console.Error.WriteLine($"warning: Closed the connection of {client}: {exception.Message}");
        }
        catch (Exception exception) when (exception is EndOfStreamException or OperationCanceledException or ObjectDisposedException
            || exception.InnerException is SocketException)
        {
            // The client closed the connection, the broker stops, or a segment was deleted while it was read (the client tries again).
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine($"error: Request of {client} failed, connection closed: {exception}");
        }
    }

    private async Task HandleNextAsync(Stream input, Stream output, CancellationToken stopping)
    {
        var sizeBytes = new byte[sizeof(int)];
        await input.ReadExactlyAsync(sizeBytes, stopping);
        var size = BinaryPrimitives.ReadInt32BigEndian(sizeBytes);
        if (size is < 8 or > MaxRequestBytes)
            throw new InvalidDataException($"a request of {size} bytes is not of the Kafka protocol");
        var request = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            await input.ReadExactlyAsync(request.AsMemory(0, size), stopping);
            var reader = new MessageReader(request.AsMemory(0, size));
            using var writer = new MessageWriter();
            var (key, version, correlationId) = (reader.ReadInt16(), reader.ReadInt16(), reader.ReadInt32());
            var exchange = new Exchange(broker, version, reader.ReadString(), reader, writer, stopping);
            writer.WriteInt32(0); // the size, when it is known
            writer.WriteInt32(correlationId);
            await Api.DispatchAsync(key, exchange);
            if (exchange.HasResponse)
                await output.WriteAsync(writer.Complete(), stopping);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(request);
        }
    }
}
