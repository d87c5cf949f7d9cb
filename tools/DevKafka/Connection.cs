using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using ForgeShop.DevKafka.Protocol;
using ForgeShop.DevKafka.Requests;

namespace ForgeShop.DevKafka;

/// <summary>
/// The connection of one client. Requests are handled one after another, as Apache Kafka does; the client receives the responses in the
/// order of its requests, and the connection holds one request and one response at most.
/// </summary>
internal sealed class Connection(Broker broker, Socket socket)
{
    private const int MaxRequestBytes = 100 * 1024 * 1024;
    private const int ReadBufferBytes = 16 * 1024;

    private EndPoint? _client;

    public async Task RunAsync(CancellationToken stopping)
    {
        using var owned = socket;
        try
        {
            socket.NoDelay = true;
            _client = socket.RemoteEndPoint;
            await using var input = new BufferedStream(new NetworkStream(socket), ReadBufferBytes);
            while (await HandleNextAsync(input, stopping))
            {
            }
        }
        catch (InvalidDataException exception)
        {
            Diagnostics.Warn($"Closed the connection of {_client}: {exception.Message}");
        }
        catch (Exception exception) when (exception is EndOfStreamException or OperationCanceledException or SocketException
            || exception.InnerException is SocketException)
        {
            // The client closed the connection, or the broker stops.
        }
        catch (Exception exception)
        {
            Diagnostics.Error($"Request of {_client} failed, connection closed: {exception}");
        }
    }

    private async Task<bool> HandleNextAsync(Stream input, CancellationToken stopping)
    {
        var sizeBytes = new byte[sizeof(int)];
        if (await input.ReadAtLeastAsync(sizeBytes, sizeBytes.Length, throwOnEndOfStream: false, stopping) < sizeBytes.Length)
            return false;
        var size = BinaryPrimitives.ReadInt32BigEndian(sizeBytes);
        if (size is < 8 or > MaxRequestBytes)
            throw new InvalidDataException($"a request of {size} bytes is not of the Kafka protocol");
        var request = await ReadRequestAsync(input, size, stopping);
        try
        {
            using var writer = new MessageWriter();
            if (await HandleAsync(request.AsMemory(0, size), writer, stopping))
                await SendAsync(writer, stopping);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(request);
        }
    }

    /// <summary>Reads a request into a buffer that grows as bytes arrive: a size alone reserves no memory.</summary>
    private static async Task<byte[]> ReadRequestAsync(Stream input, int size, CancellationToken stopping)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(size, ReadBufferBytes));
        var filled = 0;
        while (true)
        {
            var wanted = Math.Min(size, buffer.Length);
            await input.ReadExactlyAsync(buffer.AsMemory(filled, wanted - filled), stopping);
            filled = wanted;
            if (filled == size)
                return buffer;
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(size, buffer.Length * 4L));
            buffer.AsSpan(0, filled).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
    }

    /// <summary>Parses the header and lets the API answer. Returns whether there is a response.</summary>
    private async Task<bool> HandleAsync(Memory<byte> request, MessageWriter writer, CancellationToken stopping)
    {
        var reader = new MessageReader(request);
        var (key, version, correlationId) = (reader.ReadInt16(), reader.ReadInt16(), reader.ReadInt32());
        var clientId = reader.ReadNullableString();
        writer.WriteInt32(0); // the size, when it is known
        writer.WriteInt32(correlationId);
        var api = Api.Find(key);
        if (api is null || !api.Supports(version))
        {
            if (key != Api.ApiVersionsKey)
                throw new InvalidDataException($"{api?.Name ?? $"API {key}"} in version {version} is not supported");
            ClusterRequests.WriteApiVersions(writer, version: 0, ErrorCode.UnsupportedVersion);
            return true;
        }

        reader.Flexible = writer.Flexible = version >= api.FirstFlexibleVersion;
        reader.SkipTags();
        if (key != Api.ApiVersionsKey)
            writer.WriteTags(); // the response header of ApiVersions is the same in all versions
        var exchange = new Exchange(broker, version, reader, writer)
        {
            ClientId = clientId ?? string.Empty,
            ClientHost = $"/{(_client as IPEndPoint)?.Address}",
            Stopping = stopping,
        };
        await api.HandleAsync(exchange);
        writer.WriteTags();
        return exchange.HasResponse;
    }

    private async Task SendAsync(MessageWriter writer, CancellationToken stopping)
    {
        writer.PatchSize();
        for (var remaining = writer.Written; !remaining.IsEmpty;)
            remaining = remaining[await socket.SendAsync(remaining, stopping)..];
    }
}
