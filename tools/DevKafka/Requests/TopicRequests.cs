using ForgeShop.DevKafka.Log;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Requests;

/// <summary>The requests that create, describe and delete topics, and delete their records.</summary>
internal static class TopicRequests
{
    private const sbyte TopicResource = 2;
    private const sbyte BrokerResource = 4;
    private const sbyte DynamicTopicSource = 1;
    private const sbyte DefaultSource = 5;

    public static void Create(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var topics = reader.ReadArray(() => new NewTopic(
            reader.ReadString(),
            reader.ReadInt32(),
            reader.ReadInt16(),
            reader.ReadArray(() => (reader.ReadInt32(), reader.ReadNullableArray(reader.ReadInt32, itemsAreStructures: false))).Count,
            reader.ReadArray(() => (Name: reader.ReadString(), Value: reader.ReadNullableString()))));
        reader.ReadInt32(); // time-out: topics are created at once
        var validateOnly = reader.ReadBool();

        writer.WriteThrottleTime();
        writer.WriteArray(topics, requested =>
        {
            var error = Create(exchange.Broker.Topics, requested, validateOnly, out var topic, out var message);
            writer.WriteString(requested.Name);
            if (version >= 7)
                writer.WriteGuid(topic?.Id ?? Guid.Empty);
            writer.WriteError(error);
            writer.WriteString(message);
            if (version < 5)
                return;
            writer.WriteInt32(topic?.Partitions.Length ?? -1);
            writer.WriteInt16((short)(topic is null ? -1 : 1));
            writer.WriteArrayLength(topic is null ? -1 : 0); // DescribeConfigs returns the settings
        });
    }

    public static void Delete(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var names = reader.ReadNullableArray(reader.ReadString, itemsAreStructures: false) ?? [];
        writer.WriteThrottleTime();
        writer.WriteArray(names, name =>
        {
            var isDeleted = exchange.Broker.Topics.Find(name) is { } topic && exchange.Broker.Topics.Delete(topic);
            if (isDeleted)
                exchange.Broker.Groups.Offsets.RemoveTopic(name);
            writer.WriteString(name);
            writer.WriteError(isDeleted ? ErrorCode.None : ErrorCode.UnknownTopicOrPartition);
            if (version >= 5)
                writer.WriteString(null);
        });
    }

    public static void DeleteRecords(Exchange exchange)
    {
        var (reader, writer, _) = exchange;
        writer.WriteThrottleTime();
        exchange.MapPartitions((topic, index) =>
        {
            var offset = reader.ReadInt64();
            var startOffset = -1L;
            var error = exchange.Broker.Topics.FindPartition(topic, index)?.DeleteRecords(offset, out startOffset)
                ?? ErrorCode.UnknownTopicOrPartition;
            writer.WriteInt64(startOffset);
            writer.WriteError(error);
        });
    }

    public static void DescribeConfigs(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var resources = reader.ReadArray(() => (Type: reader.ReadInt8(), Name: reader.ReadString(),
            Keys: reader.ReadNullableArray(reader.ReadString, itemsAreStructures: false)));
        writer.WriteThrottleTime();
        writer.WriteArray(resources, resource =>
        {
            var topic = resource.Type == TopicResource ? exchange.Broker.Topics.Find(resource.Name) : null;
            var isKnown = topic is not null || resource.Type == BrokerResource;
            writer.WriteError(isKnown ? ErrorCode.None : ErrorCode.UnknownTopicOrPartition);
            writer.WriteString(null);
            writer.WriteInt8(resource.Type);
            writer.WriteString(resource.Name);
            var entries = topic?.Config.Describe().Where(entry => resource.Keys is null || resource.Keys.Contains(entry.Name)) ?? [];
            writer.WriteArray(entries.ToList(), entry => WriteConfig(writer, version, entry));
        });
    }

    private static ErrorCode Create(TopicStore topics, NewTopic requested, bool validateOnly, out Topic? topic, out string? message)
    {
        topic = null;
        message = null;
        if (requested.ReplicaAssignments > 0)
            return ErrorCode.InvalidReplicaAssignment;
        if (requested.ReplicationFactor is not (-1 or 1))
            return ErrorCode.InvalidReplicationFactor;
        foreach (var (name, value) in requested.Configs)
            if (!TopicConfig.IsValid(name, value, out message))
                return ErrorCode.InvalidConfig;
        var overrides = requested.Configs.ToDictionary(entry => entry.Name, entry => entry.Value!);
        var error = topics.Create(requested.Name, requested.Partitions, overrides, validateOnly, out topic);
        message = error == ErrorCode.None ? null : $"Topic {requested.Name} was not created: {error}";
        return error;
    }

    private static void WriteConfig(MessageWriter writer, short version, ConfigEntry entry)
    {
        writer.WriteString(entry.Name);
        writer.WriteString(entry.Value);
        writer.WriteBool(false); // not read-only
        writer.WriteInt8(entry.IsDefault ? DefaultSource : DynamicTopicSource);
        writer.WriteBool(false); // not sensitive
        writer.WriteArrayLength(0); // synonyms
        if (version < 3)
            return;
        writer.WriteInt8((sbyte)entry.Type);
        writer.WriteString(null); // documentation
    }

    private sealed record NewTopic(
        string Name, int Partitions, short ReplicationFactor, int ReplicaAssignments, List<(string Name, string? Value)> Configs);
}
