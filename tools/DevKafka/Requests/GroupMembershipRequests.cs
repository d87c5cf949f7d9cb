using ForgeShop.DevKafka.Groups;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Requests;

/// <summary>The requests by which a consumer is a member of a group.</summary>
internal static class GroupMembershipRequests
{
    public static async Task JoinAsync(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var groupId = reader.ReadString();
        var sessionTimeout = TimeSpan.FromMilliseconds(reader.ReadInt32());
        var rebalanceTimeout = version >= 1 ? TimeSpan.FromMilliseconds(Math.Max(0, reader.ReadInt32())) : sessionTimeout;
        var request = new JoinRequest(groupId, sessionTimeout, rebalanceTimeout, reader.ReadString(), reader.ReadString(),
            reader.ReadArray(() => new GroupProtocol(reader.ReadString(), reader.ReadBytes().ToArray())));
        var client = new GroupClient(exchange.ClientId, exchange.ClientHost);

        var join = await exchange.Broker.Groups.JoinAsync(request, client, requiresMemberId: version >= 4).WaitAsync(exchange.Stopping);

        if (version >= 2)
            writer.WriteThrottleTime();
        writer.WriteError(join.Error);
        writer.WriteInt32(join.Generation);
        writer.WriteString(join.Protocol);
        writer.WriteString(join.LeaderId);
        writer.WriteString(join.MemberId);
        writer.WriteArray(join.Members, member =>
        {
            writer.WriteString(member.Id);
            writer.WriteBytes(member.MetadataFor(join.Protocol));
        });
    }

    public static async Task SyncAsync(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var (groupId, generation, memberId) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        var assignments = new Dictionary<string, byte[]>();
        reader.ReadArray(() => assignments[reader.ReadString()] = reader.ReadBytes().ToArray());

        var group = exchange.Broker.Groups.Find(groupId);
        var sync = group is null
            ? new SyncResult(ErrorCode.UnknownMemberId, [])
            : await group.SyncAsync(memberId, generation, assignments).WaitAsync(exchange.Stopping);

        if (version >= 1)
            writer.WriteThrottleTime();
        writer.WriteError(sync.Error);
        writer.WriteBytes(sync.Assignment);
    }

    public static void Heartbeat(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var (groupId, generation, memberId) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        if (version >= 1)
            writer.WriteThrottleTime();
        writer.WriteError(exchange.Broker.Groups.Find(groupId)?.Heartbeat(memberId, generation) ?? ErrorCode.UnknownMemberId);
    }

    public static void Leave(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var (groupId, memberId) = (reader.ReadString(), reader.ReadString());
        if (version >= 1)
            writer.WriteThrottleTime();
        writer.WriteError(exchange.Broker.Groups.Find(groupId)?.Leave(memberId) ?? ErrorCode.UnknownMemberId);
    }
}
