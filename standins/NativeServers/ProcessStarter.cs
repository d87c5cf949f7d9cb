using System.Collections.Concurrent;
using System.Diagnostics;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>
/// Starts processes from one thread that lives as long as this process does. Children ask the kernel for a signal when
/// their parent dies, and to the kernel the parent is the THREAD that started them: a pool thread could end any time.
/// </summary>
internal static class ProcessStarter
{
    private static readonly BlockingCollection<Action> Requests = StartThread();

    public static Task<Process> StartAsync(ProcessStartInfo start)
    {
        var result = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Requests.Add(() =>
        {
            try
            {
                var process = new Process { StartInfo = start, EnableRaisingEvents = true };
                process.Start();
                result.SetResult(process);
            }
            catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                result.SetException(new NativeServerException($"{start.FileName} does not start: {exception.Message}", exception));
            }
        });
        return result.Task;
    }

    private static BlockingCollection<Action> StartThread()
    {
        var requests = new BlockingCollection<Action>(boundedCapacity: 256);
        var thread = new Thread(() =>
        {
            foreach (var request in requests.GetConsumingEnumerable())
                request();
        })
        {
            IsBackground = true,
            Name = "process starter",
        };
        thread.Start();
        return requests;
    }
}
