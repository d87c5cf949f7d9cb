using System.Buffers.Binary;
using System.Net.Sockets;
using System.Threading.Channels;

namespace ForgeShop.StandIns.KafkaBrokerProgram;

/// <summary>
/// One client's connection: requests about groups are answered here, all others by the log, and the answers go back in the order of
/// the requests, as the protocol wants it.
/// </summary>
internal sealed class Connection : IDisposable
{
    private const int MaxOutstanding = 1_000;

    /// <summary>
    /// The mock answers an empty fetch after the client's whole waiting time, even if a message arrives meanwhile; a real broker answers
    /// at once. Waiting shorter makes up for it.
    /// </summary>
    private const int LongestFetchWait = 20;

    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(5);

    private readonly Socket socket;
    private readonly NetworkStream client;
    private readonly Socket logSocket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly int port;
    private readonly MockCluster log;
    private readonly GroupCoordinator groups;
    private readonly Channel<Outstanding> outstanding =
        Channel.CreateBounded<Outstanding>(new BoundedChannelOptions(MaxOutstanding) { SingleReader = true, SingleWriter = true });

    public Connection(Socket socket, int port, MockCluster log, GroupCoordinator groups)
    {
        (this.socket, this.port, this.log, this.groups) = (socket, port, log, groups);
        socket.NoDelay = true;
        client = new NetworkStream(socket, ownsSocket: true);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await logSocket.ConnectAsync(log.Address, cancellationToken);
        await using var logStream = new NetworkStream(logSocket, ownsSocket: false);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var clientLeft = CancellationTokenSource.CreateLinkedTokenSource(ended.Token);

        // A client that has said its last word still gets its answers, except from a group that it would have to stay for.
        var requests = RequestsAsync(logStream, clientLeft.Token, ended.Token);
        var answers = AnswersAsync(logStream, ended.Token);
        if (await Task.WhenAny(requests, answers) == requests && requests.IsCompletedSuccessfully)
        {
            await clientLeft.CancelAsync();
            await Task.WhenAny(answers, Task.Delay(LastAnswers, cancellationToken));
        }

        await ended.CancelAsync();
        await Task.WhenAll(requests, answers);
    }

    public void Dispose()
    {
        client.Dispose();
        socket.Dispose();
        logSocket.Dispose();
    }

    private async Task RequestsAsync(NetworkStream logStream, CancellationToken clientLeft, CancellationToken cancellationToken)
    {
        try
        {
            while (await Frame.ReadAsync(client, cancellationToken) is { } frame)
            {
                using (frame)
                {
                    var header = RequestHeader.Read(frame.Body);
                    if (Answer(header, frame.Body[header.Length..], clientLeft) is { } answer)
                    {
                        await outstanding.Writer.WriteAsync(new(header, answer), cancellationToken);
                        continue;
                    }

                    var expectsAnswer = Inspect(header, frame.Body[header.Length..]);
                    await outstanding.Writer.WriteAsync(new(header, null, IsWanted: expectsAnswer), cancellationToken);
                    await logStream.WriteAsync(frame.Whole, cancellationToken);
                }
            }
        }
        finally
        {
            outstanding.Writer.Complete();
        }
    }

    private async Task AnswersAsync(NetworkStream logStream, CancellationToken cancellationToken)
    {
        await foreach (var next in outstanding.Reader.ReadAllAsync(cancellationToken))
        {
            if (next.Answer is { } answer)
            {
                await client.WriteAsync(await answer.WaitAsync(cancellationToken), cancellationToken);
                continue;
            }

            using var frame = await Frame.ReadAsync(logStream, cancellationToken) ?? throw new IOException("the log closed the connection");
            if (next.Header.Api == Api.Metadata)
                NameThisPort(frame.Body, next.Header.Version);
            var changed = next.Header.Api == Api.ApiVersions ? TopicRequests.Announce(frame.Body) : null;
            if (next.IsWanted)
                await client.WriteAsync(changed ?? frame.Whole, cancellationToken);
        }
    }

    /// <summary>The answer to a request that is not the log's to answer; null for all others.</summary>
    private Task<byte[]>? Answer(RequestHeader header, ReadOnlySpan<byte> body, CancellationToken clientLeft) => header.Api == Api.CreateTopics
        ? Task.FromResult(TopicRequests.Create(header, body, log))
        : groups.Answer(header, body, port, clientLeft);

    /// <summary>Looks into a request on its way to the log; false if the client waits for no answer, though the mock gives one.</summary>
    private bool Inspect(RequestHeader header, Span<byte> body)
    {
        var reader = new WireReader(body);
        switch (header.Api)
        {
            case Api.Metadata:
                for (var topics = reader.ArrayLength(); topics > 0; topics--)
                    log.TryCreateTopic(reader.String());
                return true;

            case Api.Fetch:
                reader.Skip(4); // replica
                var wait = body.Slice(reader.Position, 4);
                BinaryPrimitives.WriteInt32BigEndian(wait, Math.Min(reader.Int32(), LongestFetchWait));
                return true;

            case Api.Produce:
                if (header.Version >= 3)
                    _ = reader.NullableString(); // transaction
                var acknowledgements = reader.Int16();
                return acknowledgements != 0;

            default:
                return true;
        }
    }

    /// <summary>Metadata as the clients shall see it: this port, and a controller.</summary>
    private void NameThisPort(Span<byte> response, short version)
    {
        var reader = new WireReader(response);
        reader.Skip(4); // correlation
        for (var brokers = reader.ArrayLength(); brokers > 0; brokers--)
        {
            reader.Skip(4); // node
            _ = reader.String(); // host: 127.0.0.1, ours as well
            BinaryPrimitives.WriteInt32BigEndian(response.Slice(reader.Position, 4), port);
            reader.Skip(4);
            if (version >= 1)
                _ = reader.NullableString(); // rack
        }

        if (version >= 2)
            _ = reader.NullableString(); // cluster
        if (version >= 1)
            BinaryPrimitives.WriteInt32BigEndian(response.Slice(reader.Position, 4), GroupCoordinator.BrokerId); // the mock has no controller
    }

    /// <summary>An answer that is due: made here, or to be read from the log.</summary>
    private readonly record struct Outstanding(RequestHeader Header, Task<byte[]>? Answer, bool IsWanted = true);
}
