using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace ForgeShop.Messaging.Tests;

/// <summary>A broker inside librdkafka, which refuses what it is told to: the client has taken the message by then.</summary>
internal sealed partial class RefusingBroker : IDisposable
{
    private const short ProduceRequest = 0;

    private readonly IProducer<Null, Null> _owner = new ProducerBuilder<Null, Null>([new("test.mock.num.brokers", "1"), new("bootstrap.servers", "unused")]).Build();
    private readonly nint _cluster;

    public RefusingBroker() => _cluster = rd_kafka_handle_mock_cluster(NativeHandle(_owner));

    public string BootstrapServers => Marshal.PtrToStringUTF8(rd_kafka_mock_cluster_bootstraps(_cluster))!;

    public void RefuseNext(ErrorCode error) => rd_kafka_mock_push_request_errors_array(_cluster, ProduceRequest, 1, [(int)error]);

    public static nint NativeHandle(IClient client)
    {
        var handle = client.Handle.GetType().GetProperty("LibrdkafkaHandle", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(client.Handle)!;
        return ((SafeHandle)handle).DangerousGetHandle();
    }

    public void Dispose() => _owner.Dispose();

    [LibraryImport("librdkafka")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    private static partial nint rd_kafka_handle_mock_cluster(nint client);

    [LibraryImport("librdkafka")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    private static partial nint rd_kafka_mock_cluster_bootstraps(nint cluster);

    [LibraryImport("librdkafka")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    private static partial void rd_kafka_mock_push_request_errors_array(nint cluster, short apiKey, nuint count, int[] errors);
}
