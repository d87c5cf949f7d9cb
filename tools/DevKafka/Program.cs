using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ForgeShop.DevKafka;

const int InvalidStart = 2;

var data = new Option<string>("--data") { Description = "Folder for topics, records and offsets", Required = true };
var host = Option("--host", "Address to listen on and to advertise to clients", "127.0.0.1");
var port = Option("--port", "Port to listen on; 0 for a free one", 9092);
var partitions = Option("--partitions", "Partitions of a topic that does not name a number", 6);
var autoCreateTopics = Option("--auto-create-topics", "Whether a topic is created when a client first asks for it", true);
var retentionBytes = Option("--retention-bytes", "Size of a partition above which old records are deleted; -1 for no limit", 1L << 30);
var retentionHours = Option("--retention-hours", "Age at which records are deleted", 7 * 24.0);
var segmentBytes = Option("--segment-bytes", "Size at which a new segment file is started", 64L << 20);
var flushInterval = Option("--flush-interval", "Seconds until written records are flushed to the disk", 1.0);

var command = new RootCommand("DevKafka: a Kafka-protocol broker of one node, for development and tests")
{
    data, host, port, partitions, autoCreateTopics, retentionBytes, retentionHours, segmentBytes, flushInterval,
};
command.SetAction((arguments, _) => RunAsync(new BrokerOptions
{
    DataFolder = Path.GetFullPath(arguments.GetValue(data)!),
    Host = arguments.GetValue(host)!,
    Port = arguments.GetValue(port),
    Partitions = arguments.GetValue(partitions),
    AutoCreateTopics = arguments.GetValue(autoCreateTopics),
    RetentionBytes = arguments.GetValue(retentionBytes),
    Retention = TimeSpan.FromHours(arguments.GetValue(retentionHours)),
    SegmentBytes = arguments.GetValue(segmentBytes),
    FlushInterval = TimeSpan.FromSeconds(arguments.GetValue(flushInterval)),
}));

var parsed = command.Parse(args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync(new() { ProcessTerminationTimeout = null });
Diagnostics.Error(parsed.Errors[0].Message);
return InvalidStart;

static Option<T> Option<T>(string name, string description, T defaultValue) =>
    new(name) { Description = description, DefaultValueFactory = _ => defaultValue };

static async Task<int> RunAsync(BrokerOptions options)
{
    using var stop = new CancellationTokenSource();
    using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    try
    {
        if (options.Invalid is { } invalid)
            throw new ArgumentException(invalid);
        await using var broker = Broker.Start(options, TimeProvider.System);
        Console.WriteLine($"DevKafka is ready on {broker.Node.Host}:{broker.Node.Port} (data in {options.DataFolder})");
        await broker.RunAsync(stop.Token);
        return 0;
    }
    catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException or ArgumentException
        or FormatException or InvalidDataException)
    {
        Diagnostics.Error(exception.Message);
        return InvalidStart;
    }

    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        stop.Cancel();
    }
}
