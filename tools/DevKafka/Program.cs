using System.CommandLine;
using System.Net.Sockets;
using ForgeShop.DevKafka;

const int InvalidStart = 2;

var data = new Option<string>("--data") { Description = "Folder for topics, records and offsets", Required = true };
var host = Option("--host", "Address to listen on and to advertise to clients", "127.0.0.1");
var port = Number("--port", "Port to listen on; 0 for a free one", 9092, 0, 65_535);
var partitions = Number("--partitions", "Partitions of a topic that does not name a number", 6, 1, TopicStore.MaxPartitions);
var autoCreateTopics = Option("--auto-create-topics", "Whether a topic is created when a client first asks for it", true);
var retentionBytes = Number("--retention-bytes", "Size of a partition above which old records are deleted", 1 << 30, 1, long.MaxValue);
var retentionHours = Number("--retention-hours", "Age at which records are deleted", 7 * 24, 1, 1_000_000);
var segmentBytes = Number("--segment-bytes", "Size at which a new segment file is started", 64 << 20, 1_024, int.MaxValue);

var command = new RootCommand("DevKafka: a Kafka-protocol broker of one node, for development and tests")
{
    data, host, port, partitions, autoCreateTopics, retentionBytes, retentionHours, segmentBytes,
};
command.SetAction((arguments, stopping) => RunAsync(
    new(Path.GetFullPath(arguments.GetValue(data)!), arguments.GetValue(host)!, (int)arguments.GetValue(port),
        (int)arguments.GetValue(partitions), arguments.GetValue(autoCreateTopics), arguments.GetValue(retentionBytes),
        TimeSpan.FromHours(arguments.GetValue(retentionHours)), arguments.GetValue(segmentBytes), TimeProvider.System),
    stopping));
var parsed = command.Parse(args);
if (parsed.Errors.Count == 0)
    return await parsed.InvokeAsync();
Console.Error.WriteLine($"error: {parsed.Errors[0].Message}");
return InvalidStart;

static Option<T> Option<T>(string name, string description, T defaultValue) =>
    new(name) { Description = description, DefaultValueFactory = _ => defaultValue };

static Option<long> Number(string name, string description, long defaultValue, long minimum, long maximum)
{
    var option = Option(name, description, defaultValue);
    option.Validators.Add(result =>
    {
        if (long.TryParse(result.Tokens.SingleOrDefault()?.Value, out var value) && (value < minimum || value > maximum))
            result.AddError($"{name} must be between {minimum} and {maximum}");
    });
    return option;
}

static async Task<int> RunAsync(BrokerOptions options, CancellationToken stopping)
{
    try
    {
        using var broker = new Broker(options);
        Console.WriteLine($"DevKafka is ready on {options.Host}:{broker.Port} (data in {options.DataFolder})");
        await broker.RunAsync(stopping);
    }
    catch (OperationCanceledException)
    {
        // SIGTERM or SIGINT
    }
    catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"error: {exception.Message}");
        return InvalidStart;
    }
    return 0;
}
