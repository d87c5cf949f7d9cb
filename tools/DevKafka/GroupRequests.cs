namespace ForgeShop.DevKafka;

/// <summary>The requests by which a consumer finds its group and is a member of it.</summary>
internal static class GroupRequests
{
    private const sbyte GroupKey = 0;
    private const int MinSessionTimeoutMs = 6_000;
    private const int MaxSessionTimeoutMs = 1_800_000;

    public static void FindCoordinator(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        reader.ReadString(); // all groups have the same coordinator
        var isGroup = reader.ReadInt8() == GroupKey;
        writer.WriteThrottleTime();
        writer.WriteError(isGroup ? ErrorCode.None : ErrorCode.TransactionalIdAuthorizationFailed);
        writer.WriteString(isGroup ? null : "DevKafka has no transactions");
        broker.WriteNode(writer);
    }

    public static async Task JoinAsync(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var groupId = reader.ReadString();
        var (sessionTimeoutMs, rebalanceTimeoutMs, memberId) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadString());
        var request = new JoinRequest(memberId, sessionTimeoutMs, rebalanceTimeoutMs, reader.ReadString(),
            reader.ReadArray(() => (reader.ReadString(), reader.ReadBytes().ToArray())));
        var error = groupId.Length == 0 ? ErrorCode.InvalidGroupId : ErrorCode.None;
        if (sessionTimeoutMs is < MinSessionTimeoutMs or > MaxSessionTimeoutMs)
            error = ErrorCode.InvalidSessionTimeout;

        var join = error != ErrorCode.None
            ? JoinResult.Refused(error, memberId)
            : await broker.GroupOf(groupId).JoinAsync(request, exchange.ClientId).WaitAsync(exchange.Stopping);

        writer.WriteThrottleTime();
        writer.WriteError(join.Error);
        writer.WriteInt32(join.Generation);
        writer.WriteString(join.Protocol);
        writer.WriteString(join.LeaderId);
        writer.WriteString(join.MemberId);
        writer.WriteArray(join.Members, member =>
        {
            writer.WriteString(member.Id);
            writer.WriteBytes(member.Metadata);
        });
    }

    public static async Task SyncAsync(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var (groupId, generation, memberId) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        var assignments = new Dictionary<string, byte[]>();
        reader.ReadArray(() => assignments[reader.ReadString()] = reader.ReadBytes().ToArray());

        var sync = await broker.GroupOf(groupId).SyncAsync(memberId, generation, assignments).WaitAsync(exchange.Stopping);

        writer.WriteThrottleTime();
        writer.WriteError(sync.Error);
        writer.WriteBytes(sync.Assignment);
    }

    public static void Heartbeat(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var (groupId, generation, memberId) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        writer.WriteThrottleTime();
        writer.WriteError(broker.GroupOf(groupId).Heartbeat(memberId, generation));
    }

    public static void Leave(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var (groupId, memberId) = (reader.ReadString(), reader.ReadString());
        writer.WriteThrottleTime();
        writer.WriteError(broker.GroupOf(groupId).Leave(memberId));
    }
}
