namespace ForgeShop.DevKafka;

/// <summary>The requests that commit and read the offsets of consumer groups.</summary>
internal static class OffsetRequests
{
    public static void Commit(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var (groupId, generation, memberId) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        var groupError = groupId.Length == 0 ? ErrorCode.InvalidGroupId : broker.GroupOf(groupId).CheckCommit(memberId, generation);
        var offsets = new List<CommittedOffset>();
        writer.WriteThrottleTime();
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

    public static void Fetch(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var groupId = reader.ReadString();
        var requested = reader.ReadNullableArray(() => (Topic: reader.ReadString(), Partitions: reader.ReadArray(reader.ReadInt32)));
        var offsets = requested is null
            ? broker.Offsets.FindAll(groupId)
            : requested.SelectMany(topic => topic.Partitions.Select(index => broker.Offsets.Find(groupId, topic.Topic, index)));
        writer.WriteThrottleTime();
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
