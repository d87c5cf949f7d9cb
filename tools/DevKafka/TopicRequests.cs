namespace ForgeShop.DevKafka;

/// <summary>The requests that list, create, describe and delete topics.</summary>
internal static class TopicRequests
{
    private const string MaxMessageBytes = "max.message.bytes";
    private const sbyte TopicResource = 2;
    private const sbyte DynamicTopicSource = 1;
    private const sbyte DefaultSource = 5;

    public static void Metadata(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var names = reader.ReadNullableArray(reader.ReadString) ?? [.. broker.Topics.Names];
        var create = reader.ReadBool() && broker.Options.AutoCreateTopics;
        writer.WriteInt32(1); // brokers
        broker.WriteNode(writer);
        writer.WriteString(null); // rack
        writer.WriteString(broker.ClusterId);
        writer.WriteInt32(Broker.NodeId); // controller
        writer.WriteArray(names, name =>
        {
            var error = broker.Topics.Create(name, partitions: -1, TopicStore.DefaultMaxMessageBytes, validateOnly: !create);
            var topic = broker.Topics.Find(name);
            if (error == ErrorCode.None && topic is null)
                error = ErrorCode.UnknownTopicOrPartition;
            writer.WriteError(topic is null ? error : ErrorCode.None);
            writer.WriteString(name);
            writer.WriteBool(false); // not internal
            writer.WriteArray(Enumerable.Range(0, topic?.Partitions.Length ?? 0).ToList(), index =>
            {
                writer.WriteError(ErrorCode.None);
                writer.WriteInt32(index);
                writer.WriteInt32(Broker.NodeId); // leader
                writer.WriteArray([Broker.NodeId], writer.WriteInt32); // replicas
                writer.WriteArray([Broker.NodeId], writer.WriteInt32); // in-sync replicas
            });
        });
    }

    public static void Create(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        var topics = reader.ReadArray(() => (
            Name: reader.ReadString(),
            Partitions: reader.ReadInt32(),
            ReplicationFactor: reader.ReadInt16(),
            Assignments: reader.ReadArray(() => (reader.ReadInt32(), reader.ReadArray(reader.ReadInt32))),
            Configs: reader.ReadArray(() => (Name: reader.ReadString(), Value: reader.ReadNullableString()))));
        reader.ReadInt32(); // time-out: topics are created at once
        var validateOnly = reader.ReadBool();
        writer.WriteArray(topics, topic =>
        {
            var maxMessageBytes = TopicStore.DefaultMaxMessageBytes;
            var unsupported = ErrorCode.None;
            if (topic.Assignments.Count > 0 || topic.ReplicationFactor is not (-1 or 1)) // -1 is the broker's default
                unsupported = ErrorCode.InvalidReplicationFactor;
            if (!topic.Configs.TrueForAll(config => config.Name == MaxMessageBytes && int.TryParse(config.Value, out maxMessageBytes)))
                unsupported = ErrorCode.InvalidConfig;
            // An existing topic returns TopicAlreadyExists whatever the rest of the request contains, as in Apache Kafka.
            var isCreated = !validateOnly && unsupported == ErrorCode.None;
            var error = broker.Topics.Create(topic.Name, topic.Partitions, maxMessageBytes, validateOnly: !isCreated);
            if (error == ErrorCode.None)
                error = unsupported;
            writer.WriteString(topic.Name);
            writer.WriteError(error);
            writer.WriteString(error == ErrorCode.InvalidConfig ? $"DevKafka supports no topic configuration but {MaxMessageBytes}" : null);
        });
    }

    public static void Delete(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        exchange.MapArray(() =>
        {
            var name = reader.ReadString();
            var isDeleted = broker.Topics.Delete(name);
            if (isDeleted)
                broker.Offsets.RemoveTopic(name);
            writer.WriteString(name);
            writer.WriteError(isDeleted ? ErrorCode.None : ErrorCode.UnknownTopicOrPartition);
        });
    }

    public static void DescribeConfigs(Exchange exchange)
    {
        var (broker, reader, writer) = exchange;
        exchange.MapArray(() =>
        {
            var (type, name) = (reader.ReadInt8(), reader.ReadString());
            var keys = reader.ReadNullableArray(reader.ReadString);
            var topic = type == TopicResource ? broker.Topics.Find(name) : null;
            writer.WriteError(topic is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None);
            writer.WriteString(null); // error message
            writer.WriteInt8(type);
            writer.WriteString(name);
            var isIncluded = topic is not null && keys?.Contains(MaxMessageBytes) != false;
            writer.WriteArray(isIncluded ? [topic!.Settings.MaxMessageBytes] : Array.Empty<int>(), value =>
            {
                writer.WriteString(MaxMessageBytes);
                writer.WriteString($"{value}");
                writer.WriteBool(false); // not read-only
                writer.WriteInt8(value == TopicStore.DefaultMaxMessageBytes ? DefaultSource : DynamicTopicSource);
                writer.WriteBool(false); // not sensitive
                writer.WriteInt32(0); // synonyms
            });
        });
    }
}
