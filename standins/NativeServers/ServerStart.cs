using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Npgsql;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>What every server's start has in common: a port that is really free, and waiting until the server answers.</summary>
internal static class ServerStart
{
    private const int Attempts = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Starts a server on the given port, or on a free one, and returns when <paramref name="pingAsync"/> does not throw. Somebody
    /// may take a free port between the choice and the start: then another one is chosen, and the server is started again.
    /// </summary>
    public static async Task<(NativeProcess Process, int Port)> RunAsync(
        int? wanted,
        Func<int, Task<NativeProcess>> startAsync,
        Func<int, CancellationToken, Task> pingAsync,
        CancellationToken cancellationToken)
    {
        if (wanted is { } given && !FreePort.IsFree(given))
            throw new NativeServerException(string.Create(CultureInfo.InvariantCulture, $"port {given} is taken by another program"));

        for (var attempt = 1; ; attempt++)
        {
            var port = wanted ?? FreePort.Next();
            var process = await startAsync(port);
            try
            {
                await UntilReadyAsync(process, token => pingAsync(port, token), cancellationToken);
                return (process, port);
            }
            catch (Exception exception)
            {
                await process.DisposeAsync();
                var lostItsPort = exception is NativeServerException && wanted is null && attempt < Attempts && !FreePort.IsFree(port);
                if (!lostItsPort)
                    throw;
            }
        }
    }

    private static async Task UntilReadyAsync(NativeProcess process, Func<CancellationToken, Task> pingAsync, CancellationToken cancellationToken)
    {
        var pause = ShortestPause;
        for (var clock = Stopwatch.StartNew(); ; pause = pause < LongestPause ? pause * 1.5 : LongestPause)
        {
            try
            {
                await pingAsync(cancellationToken);
                if (!process.HasExited)
                    return; // and so it was this server that answered
            }
            catch (Exception exception) when (exception is NpgsqlException or SocketException or IOException or TimeoutException)
            {
                if (clock.Elapsed > Patience)
                    throw new NativeServerException($"{process} does not answer after {Patience.TotalSeconds:0} s: {exception.Message}; {LastWords(process)}", exception);
            }

            if (process.HasExited)
                throw new NativeServerException($"{process} ended with exit code {await process.Exited} while starting; {LastWords(process)}");
            await Task.WhenAny(process.Exited, Task.Delay(pause, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static string LastWords(NativeProcess process) =>
        process.LastLines is { Count: > 0 } lines ? "it said: " + string.Join(" | ", lines.TakeLast(8)) : "it said nothing";
}
