using ForgeShop.DevKafka.Groups;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Requests;

/// <summary>The requests that commit and read the offsets of consumer groups.</summary>
internal static class OffsetRequests
{
    private const int MaxMetadataLength = 4_096;

    public static void Commit(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var (groupId, generation, memberId) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        if (version <= 4)
            reader.ReadInt64(); // retention time: offsets are kept until their group or topic is deleted
        var groupError = exchange.Broker.Groups.CheckCommit(groupId, memberId, generation);
        var offsets = new List<CommittedOffset>();
        if (version >= 3)
            writer.WriteThrottleTime();
        exchange.MapPartitions((topic, partition) =>
        {
            var (offset, leaderEpoch) = (reader.ReadInt64(), version >= 6 ? reader.ReadInt32() : -1);
            var metadata = reader.ReadNullableString();
            var error = groupError;
            if (error == ErrorCode.None && exchange.Broker.Topics.FindPartition(topic, partition) is null)
                error = ErrorCode.UnknownTopicOrPartition;
            if (error == ErrorCode.None && metadata?.Length > MaxMetadataLength)
                error = ErrorCode.OffsetMetadataTooLarge;
            if (error == ErrorCode.None)
                offsets.Add(new(topic, partition, offset, leaderEpoch, metadata));
            writer.WriteError(error);
        });
        exchange.Broker.Groups.Offsets.Commit(groupId, offsets);
    }

    public static void Fetch(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        if (version >= 3)
            writer.WriteThrottleTime();
        if (version < 8)
        {
            FetchGroup(exchange, reader.ReadString());
            if (version >= 2)
                writer.WriteError(ErrorCode.None);
            return;
        }

        exchange.MapArray(() =>
        {
            var groupId = reader.ReadString();
            if (version >= 9)
            {
                reader.ReadNullableString(); // member ID and epoch: only for the group protocol of KIP-848
                reader.ReadInt32();
            }

            writer.WriteString(groupId);
            FetchGroup(exchange, groupId);
            writer.WriteError(ErrorCode.None);
        });
    }

    private static void FetchGroup(Exchange exchange, string groupId)
    {
        var (reader, writer, version) = exchange;
        var store = exchange.Broker.Groups.Offsets;
        var requested = reader.ReadNullableArray(() =>
            (Topic: reader.ReadString(), Partitions: reader.ReadNullableArray(reader.ReadInt32, itemsAreStructures: false) ?? []));
        var offsets = requested is null
            ? store.All(groupId)
            : requested.SelectMany(topic => topic.Partitions.Select(partition => store.Find(groupId, topic.Topic, partition)));
        writer.WriteArray(offsets.GroupBy(offset => offset.Topic).ToList(), topic =>
        {
            writer.WriteString(topic.Key);
            writer.WriteArray(topic.ToList(), offset =>
            {
                writer.WriteInt32(offset.Partition);
                writer.WriteInt64(offset.Offset);
                if (version >= 5)
                    writer.WriteInt32(offset.LeaderEpoch);
                writer.WriteString(offset.Metadata);
                writer.WriteError(ErrorCode.None);
            });
        });
    }
}
