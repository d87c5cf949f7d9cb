using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace ForgeShop.StandIns.KafkaBrokerProgram;

/// <summary>
/// librdkafka's mock cluster with one broker: it keeps the logs, and speaks the real protocol for producing and fetching. It
/// listens on a loopback port of its own choice.
/// </summary>
internal sealed class MockCluster : IDisposable
{
    private const int Producer = 0;

    private readonly nint client;
    private readonly nint cluster;
    private readonly int defaultPartitions;
    private readonly ConcurrentDictionary<string, bool> topics = new();

    private MockCluster(nint client, nint cluster, int defaultPartitions)
    {
        this.client = client;
        this.cluster = cluster;
        this.defaultPartitions = defaultPartitions;
        Address = IPEndPoint.Parse(Marshal.PtrToStringUTF8(Native.Bootstraps(cluster))!);
    }

    public static string LibraryVersion => Marshal.PtrToStringUTF8(Native.VersionString())!;

    public IPEndPoint Address { get; }

    public static MockCluster Start(int defaultPartitions)
    {
        var settings = Native.NewSettings();
        var error = new byte[512];
        if (Native.Set(settings, "log_level", "3", error, error.Length) != 0)
            throw new InvalidOperationException($"librdkafka does not take a setting: {Text(error)}");
        var client = Native.NewClient(Producer, settings, error, error.Length);
        if (client == 0)
            throw new InvalidOperationException($"librdkafka does not start: {Text(error)}");
        var cluster = Native.NewCluster(client, 1);
        if (cluster == 0)
            throw new InvalidOperationException("librdkafka's mock cluster does not start");

        // Only the versions that Front and GroupCoordinator can read; later libraries would offer more.
        foreach (var (api, latest) in ApiVersions.Latest)
        {
            if (Native.SetApiVersion(cluster, (short)api, 0, latest) is not 0 and var refused)
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"librdkafka does not limit {api}: error {refused}"));
        }

        return new MockCluster(client, cluster, defaultPartitions);
    }

    public bool HasTopic(string name) => topics.ContainsKey(name);

    /// <summary>False if it was there already. Topics that are only asked for come here, too: the mock would give them 4 partitions.</summary>
    public bool TryCreateTopic(string name, int? partitions = null)
    {
        if (!topics.TryAdd(name, true))
            return false;
        var error = Native.CreateTopic(cluster, name, partitions ?? defaultPartitions, 1);
        if (error != 0)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"topic {name} cannot be created: error {error}"));
        return true;
    }

    public void Dispose()
    {
        Native.DestroyCluster(cluster);
        Native.DestroyClient(client);
    }

    private static string Text(byte[] error) => Encoding.UTF8.GetString(error).TrimEnd('\0');

    private static class Native
    {
        private const string Library = "librdkafka.so.1";

        [DllImport(Library, EntryPoint = "rd_kafka_version_str"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern nint VersionString();

        [DllImport(Library, EntryPoint = "rd_kafka_conf_new"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern nint NewSettings();

        [DllImport(Library, EntryPoint = "rd_kafka_conf_set"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Set(
            nint settings,
            [MarshalAs(UnmanagedType.LPUTF8Str)] string name,
            [MarshalAs(UnmanagedType.LPUTF8Str)] string value,
            [Out] byte[] error,
            nint errorSize);

        [DllImport(Library, EntryPoint = "rd_kafka_new"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern nint NewClient(int type, nint settings, [Out] byte[] error, nint errorSize);

        [DllImport(Library, EntryPoint = "rd_kafka_destroy"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern void DestroyClient(nint client);

        [DllImport(Library, EntryPoint = "rd_kafka_mock_cluster_new"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern nint NewCluster(nint client, int brokers);

        [DllImport(Library, EntryPoint = "rd_kafka_mock_cluster_destroy"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern void DestroyCluster(nint cluster);

        [DllImport(Library, EntryPoint = "rd_kafka_mock_cluster_bootstraps"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern nint Bootstraps(nint cluster);

        [DllImport(Library, EntryPoint = "rd_kafka_mock_topic_create"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int CreateTopic(nint cluster, [MarshalAs(UnmanagedType.LPUTF8Str)] string topic, int partitions, int replication);

        [DllImport(Library, EntryPoint = "rd_kafka_mock_set_apiversion"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int SetApiVersion(nint cluster, short api, short earliest, short latest);
    }
}
