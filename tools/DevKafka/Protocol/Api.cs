using ForgeShop.DevKafka.Requests;

namespace ForgeShop.DevKafka.Protocol;

/// <summary>A request type of the Kafka protocol with the versions that this broker implements.</summary>
internal sealed record Api(
    short Key, string Name, short MinVersion, short MaxVersion, short FirstFlexibleVersion, Func<Exchange, Task> HandleAsync)
{
    public const short ApiVersionsKey = 18;

    /// <summary>Gets the implemented request types; ApiVersions reports them to clients.</summary>
    public static IReadOnlyList<Api> All { get; } =
    [
        new(0, "Produce", 0, 9, 9, Now(LogRequests.Produce)),
        new(1, "Fetch", 4, 13, 12, FetchRequest.HandleAsync),
        new(2, "ListOffsets", 1, 7, 6, Now(LogRequests.ListOffsets)),
        new(3, "Metadata", 0, 12, 9, Now(ClusterRequests.Metadata)),
        new(8, "OffsetCommit", 2, 6, 8, Now(OffsetRequests.Commit)),
        new(9, "OffsetFetch", 1, 9, 6, Now(OffsetRequests.Fetch)),
        new(10, "FindCoordinator", 0, 4, 3, Now(GroupAdminRequests.FindCoordinator)),
        new(11, "JoinGroup", 0, 4, 6, GroupMembershipRequests.JoinAsync),
        new(12, "Heartbeat", 0, 2, 4, Now(GroupMembershipRequests.Heartbeat)),
        new(13, "LeaveGroup", 0, 2, 4, Now(GroupMembershipRequests.Leave)),
        new(14, "SyncGroup", 0, 2, 4, GroupMembershipRequests.SyncAsync),
        new(15, "DescribeGroups", 0, 3, 5, Now(GroupAdminRequests.Describe)),
        new(16, "ListGroups", 0, 4, 3, Now(GroupAdminRequests.List)),
        new(ApiVersionsKey, "ApiVersions", 0, 4, 3, Now(ClusterRequests.ApiVersions)),
        new(19, "CreateTopics", 2, 7, 5, Now(TopicRequests.Create)),
        new(20, "DeleteTopics", 1, 5, 4, Now(TopicRequests.Delete)),
        new(21, "DeleteRecords", 0, 2, 2, Now(TopicRequests.DeleteRecords)),
        new(22, "InitProducerId", 0, 4, 2, Now(ClusterRequests.InitProducerId)),
        new(32, "DescribeConfigs", 1, 4, 4, Now(TopicRequests.DescribeConfigs)),
        new(42, "DeleteGroups", 0, 2, 2, Now(GroupAdminRequests.Delete)),
    ];

    private static readonly Dictionary<short, Api> ByKey = All.ToDictionary(api => api.Key);

    public static Api? Find(short key) => ByKey.GetValueOrDefault(key);

    public bool Supports(short version) => version >= MinVersion && version <= MaxVersion;

    private static Func<Exchange, Task> Now(Action<Exchange> handle) => exchange =>
    {
        handle(exchange);
        return Task.CompletedTask;
    };
}
