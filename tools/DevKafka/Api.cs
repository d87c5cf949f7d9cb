namespace ForgeShop.DevKafka;

/// <summary>
/// A request type of the Kafka protocol. All of its implemented versions, Min to Max, have the same encoding. ApiVersions lists them from
/// an older version on, because librdkafka enables features by old versions; clients then send the highest version that they have.
/// </summary>
internal sealed record Api(short Key, short Listed, short Min, short Max, Func<Exchange, Task> HandleAsync)
{
    private const short ProduceKey = 0;
    private const short ApiVersionsKey = 18;

    public static IReadOnlyList<Api> All { get; } =
    [
        new(ProduceKey, 0, 7, 7, Now(LogRequests.Produce)),
        new(1, 4, 11, 11, LogRequests.FetchAsync),
        new(2, 1, 2, 3, Now(LogRequests.ListOffsets)),
        new(3, 4, 4, 4, Now(TopicRequests.Metadata)),
        new(8, 2, 5, 5, Now(GroupRequests.CommitOffsets)),
        new(9, 1, 3, 4, Now(GroupRequests.FetchOffsets)),
        new(10, 0, 1, 2, Now(GroupRequests.FindCoordinator)),
        new(11, 0, 2, 3, GroupRequests.JoinAsync),
        new(12, 0, 1, 2, Now(GroupRequests.Heartbeat)),
        new(13, 0, 1, 2, Now(GroupRequests.Leave)),
        new(14, 0, 1, 2, GroupRequests.SyncAsync),
        new(ApiVersionsKey, 0, 0, 2, Now(WriteVersions)),
        new(19, 2, 2, 4, Now(TopicRequests.Create)),
        new(20, 1, 1, 3, Now(TopicRequests.Delete)),
        new(22, 0, 0, 1, Now(LogRequests.InitProducerId)),
        new(32, 1, 1, 2, Now(TopicRequests.DescribeConfigs)),
    ];

    /// <summary>Calls the handler of the request type.</summary>
    /// <exception cref="InvalidDataException">The request type or its version is not implemented.</exception>
    public static Task DispatchAsync(short key, Exchange exchange)
    {
        var api = All.FirstOrDefault(api => api.Key == key);
        var isSupported = key == ApiVersionsKey || (exchange.Version >= api?.Min && exchange.Version <= api.Max);
        if (api is null || !isSupported)
            throw new InvalidDataException($"API {key} in version {exchange.Version} is not supported");
        if (key is not (ProduceKey or ApiVersionsKey))
            exchange.Writer.WriteInt32(0); // throttle time: most responses start with it, and this broker has no quotas
        return api.HandleAsync(exchange);
    }

    /// <summary>Writes the implemented APIs. A client that asked in an unknown version reads them in version 0 and asks again.</summary>
    private static void WriteVersions(Exchange exchange)
    {
        var writer = exchange.Writer;
        var isSupported = exchange.Version is >= 0 and <= 2;
        writer.WriteError(isSupported ? ErrorCode.None : ErrorCode.UnsupportedVersion);
        writer.WriteArray(All, api =>
        {
            writer.WriteInt16(api.Key);
            writer.WriteInt16(api.Listed);
            writer.WriteInt16(api.Max);
        });
        if (isSupported && exchange.Version > 0)
            writer.WriteInt32(0); // throttle time
    }

    private static Func<Exchange, Task> Now(Action<Exchange> handle) => exchange =>
    {
        handle(exchange);
        return Task.CompletedTask;
    };
}
