namespace ForgeShop.DevKafka;

/// <summary>The requests by which a consumer finds its group, is a member of it, and commits and reads offsets.</summary>
internal static class GroupRequests
{
    private const int MinSessionTimeoutMs = 6_000;
    private const int MaxSessionTimeoutMs = 1_800_000;

    public static void FindCoordinator(Exchange exchange)
    {
        var writer = exchange.Writer;
        writer.WriteError(ErrorCode.None);
        writer.WriteString(null); // error message
        exchange.Broker.WriteNode(writer);
    }

    public static async Task JoinAsync(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var groupId = reader.ReadString();
        var (sessionTimeoutMs, rebalanceTimeoutMs, memberId) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadString());
        var member = new Member(
            memberId, TimeSpan.FromMilliseconds(sessionTimeoutMs), TimeSpan.FromMilliseconds(rebalanceTimeoutMs), reader.ReadString(),
            new(reader.ReadArray(() => KeyValuePair.Create(reader.ReadString(), reader.ReadBytes().ToArray()))));
        var (error, generation) = (ErrorCode.InvalidSessionTimeout, Generation.None);
        if (sessionTimeoutMs is >= MinSessionTimeoutMs and <= MaxSessionTimeoutMs)
            (error, memberId, generation) = await broker.GroupOf(groupId).JoinAsync(member, exchange.ClientId, exchange.Stopping);
        writer.WriteError(error);
        writer.WriteInt32(generation.Number);
        writer.WriteString(generation.Protocol);
        writer.WriteString(generation.LeaderId);
        writer.WriteString(memberId);
        writer.WriteArray(memberId == generation.LeaderId ? generation.Members : [], other =>
        {
            writer.WriteString(other.Id);
            writer.WriteBytes(other.Metadata);
        });
    }

    public static async Task SyncAsync(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var (groupId, generation, memberId) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        var assignments = new Dictionary<string, byte[]>();
        reader.ReadArray(() => assignments[reader.ReadString()] = reader.ReadBytes().ToArray());
        var (error, assignment) = await broker.GroupOf(groupId).SyncAsync(memberId, generation, assignments, exchange.Stopping);
        writer.WriteError(error);
        writer.WriteBytes(assignment);
    }

    public static void Heartbeat(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var (groupId, generation, memberId) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        writer.WriteError(broker.GroupOf(groupId).Check(memberId, generation));
    }

    public static void Leave(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        writer.WriteError(broker.GroupOf(reader.ReadString()).Leave(memberId: reader.ReadString()));
    }

    public static void CommitOffsets(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var (groupId, generation, memberId) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        var groupError = broker.GroupOf(groupId).Check(memberId, generation, isCommit: true);
        var offsets = new List<CommittedOffset>();
        exchange.MapPartitions((topic, index, partition) =>
        {
            var offset = new CommittedOffset(groupId, topic, index, reader.ReadInt64(), reader.ReadNullableString());
            var error = groupError == ErrorCode.None && partition is null ? ErrorCode.UnknownTopicOrPartition : groupError;
            if (error == ErrorCode.None)
                offsets.Add(offset);
            writer.WriteError(error);
        });
        broker.Offsets.Commit(offsets);
    }

    public static void FetchOffsets(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var groupId = reader.ReadString();
        var requested = reader.ReadNullableArray(() => (Topic: reader.ReadString(), Partitions: reader.ReadArray(reader.ReadInt32)));
        var offsets = requested is null
            ? broker.Offsets.FindAll(groupId)
            : requested.SelectMany(topic => topic.Partitions.Select(index => broker.Offsets.Find(groupId, topic.Topic, index)));
        writer.WriteArray(offsets.GroupBy(offset => offset.Topic).ToList(), topic =>
        {
            writer.WriteString(topic.Key);
            writer.WriteArray(topic.ToList(), offset =>
            {
                writer.WriteInt32(offset.Partition);
                writer.WriteInt64(offset.Offset);
                writer.WriteString(offset.Metadata);
                writer.WriteError(ErrorCode.None);
            });
        });
        writer.WriteError(ErrorCode.None);
    }
}
