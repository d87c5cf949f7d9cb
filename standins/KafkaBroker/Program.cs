using System.Globalization;
using System.Runtime.InteropServices;
using ForgeShop.StandIns.KafkaBrokerProgram;

// KafkaBroker --port N [--default-partitions N] [--topics name:partitions,...]
// Serves until SIGTERM or SIGINT. Everything is in memory: a restarted broker is an empty one.
if (BrokerArguments.Parse(args) is not { } arguments)
    return 2;

using var stop = new CancellationTokenSource();
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

try
{
    using var log = MockCluster.Start(arguments.DefaultPartitions);
    foreach (var (topic, partitions) in arguments.Topics)
        log.TryCreateTopic(topic, partitions);

    using var front = new Front(arguments.Port, log, new GroupCoordinator(TimeProvider.System));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ready: 127.0.0.1:{arguments.Port}, librdkafka {MockCluster.LibraryVersion}, in memory"));
    await front.RunAsync(stop.Token);
    return 0;
}
catch (Exception exception) when (exception is System.Net.Sockets.SocketException or InvalidOperationException or DllNotFoundException)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
