namespace ForgeShop.StandIns.KafkaBrokerProgram;

/// <summary>The requests that do not simply pass through, by their numbers in the Kafka protocol.</summary>
internal enum Api : short
{
    Produce = 0,
    Fetch = 1,
    Metadata = 3,
    OffsetCommit = 8,
    OffsetFetch = 9,
    FindCoordinator = 10,
    JoinGroup = 11,
    Heartbeat = 12,
    LeaveGroup = 13,
    SyncGroup = 14,
    ApiVersions = 18,
    CreateTopics = 19,
}

internal static class ApiVersions
{
    /// <summary>The latest version of each that is understood here.</summary>
    public static IReadOnlyList<(Api Api, short Latest)> Latest { get; } =
    [
        (Api.Produce, 7), (Api.Fetch, 11), (Api.Metadata, 2), (Api.OffsetCommit, 7), (Api.OffsetFetch, 5), (Api.FindCoordinator, 2),
        (Api.JoinGroup, 5), (Api.Heartbeat, 3), (Api.LeaveGroup, 1), (Api.SyncGroup, 3), (Api.ApiVersions, 2),
    ];
}

/// <summary>The error codes that are given here, by their numbers in the Kafka protocol.</summary>
internal enum Error : short
{
    None = 0,
    InvalidTopic = 17,
    IllegalGeneration = 22,
    InconsistentGroupProtocol = 23,
    UnknownMemberId = 25,
    InvalidSessionTimeout = 26,
    RebalanceInProgress = 27,
    TopicAlreadyExists = 36,
    InvalidPartitions = 37,
}
