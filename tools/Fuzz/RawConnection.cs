using System.Net.Sockets;

namespace ForgeShop.Fuzz;

/// <summary>Sends requests as no HTTP client would, each on a connection of its own.</summary>
public sealed class RawConnection(Uri gateway, TimeProvider time)
{
    // The gateway itself gives up earlier.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(40);

    /// <summary>Returns the answer, or the answers if the request is pipelined; none if its second copy reset the connection.</summary>
    /// <exception cref="TimeoutException">The gateway did not answer in time.</exception>
    public async Task<IReadOnlyList<RawAnswer>> SendAsync(RawRequest request, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var connection = new TcpClient { NoDelay = true };
        await connection.ConnectAsync(gateway.Host, gateway.Port, either.Token);
        var stream = connection.GetStream();
        try
        {
            var sending = WriteAsync(stream, request, either.Token);
            List<RawAnswer> answers = [await RawAnswer.ReadAsync(stream, request.Method, either.Token)];
            if (request.IsPipelined && answers[0].Status != 0 && answers[0].Headers.GetValueOrDefault("connection") != "close"
                && answers[0].ContentType != "text/event-stream")
                answers.Add(await RawAnswer.ReadAsync(stream, request.Method, either.Token));
            await sending;
            return answers;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer within {Timeout.TotalSeconds:0} s");
        }
        catch (IOException error) when (
            request.IsPipelined && request.HasHeader("Transfer-Encoding")
            && error.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // The chunks were malformed: the gateway refused the first request and closed. The second one then resets the connection, and
            // with it the answer that was not read yet (RFC 9112, section 9.6; Kestrel does not linger).
            return [];
        }
        catch (IOException)
        {
            // Closed by the gateway, as after a request that is no HTTP.
            return [RawAnswer.None];
        }
    }

    private async Task WriteAsync(Stream stream, RawRequest request, CancellationToken cancellationToken)
    {
        try
        {
            if (request.IsPipelined)
                await stream.WriteAsync(request.ToBytes(isLast: false), cancellationToken);
            var bytes = request.ToBytes(isLast: true);
            var rest = request.Pause > TimeSpan.Zero ? bytes.Length - (request.Body.Length / 2) : 0;
            await stream.WriteAsync(bytes.AsMemory(0, rest), cancellationToken);
            if (rest > 0)
                await Task.Delay(request.Pause, time, cancellationToken);
            await stream.WriteAsync(bytes.AsMemory(rest), cancellationToken);
        }
        catch (IOException)
        {
            // The answer came before the request was complete, and the gateway has closed the connection. The answer is read and judged.
        }
    }
}
