using ForgeShop.DevKafka.Log;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka.Requests;

/// <summary>The requests by which a client learns about the broker and its topics.</summary>
internal static class ClusterRequests
{
    public static void ApiVersions(Exchange exchange)
    {
        var (_, writer, version) = exchange;
        WriteApiVersions(writer, version, ErrorCode.None);
    }

    /// <summary>Writes the implemented APIs. A client that asked in an unknown version reads them in version 0 and asks again.</summary>
    public static void WriteApiVersions(MessageWriter writer, short version, ErrorCode error)
    {
        writer.WriteError(error);
        writer.WriteArray(Api.All, api =>
        {
            writer.WriteInt16(api.Key);
            writer.WriteInt16(api.MinVersion);
            writer.WriteInt16(api.MaxVersion);
        });
        if (version >= 1)
            writer.WriteThrottleTime();
    }

    public static void Metadata(Exchange exchange)
    {
        var (reader, writer, version) = exchange;
        var names = reader.ReadNullableArray(() => (Id: version >= 10 ? reader.ReadGuid() : Guid.Empty, Name: reader.ReadNullableString()));
        var allowAutoCreation = exchange.Broker.Options.AutoCreateTopics && (version < 4 || reader.ReadBool());
        var topics = names is null || (version == 0 && names.Count == 0)
            ? exchange.Broker.Topics.All.Select(topic => new TopicLookup(ErrorCode.None, topic.Name, topic))
            : names.Select(name => Find(exchange.Broker.Topics, name.Id, name.Name, allowAutoCreation));

        if (version >= 3)
            writer.WriteThrottleTime();
        writer.WriteArray([exchange.Broker.Node], node =>
        {
            node.Write(writer);
            if (version >= 1)
                writer.WriteString(null); // rack
        });
        if (version >= 2)
            writer.WriteString(exchange.Broker.ClusterId);
        if (version >= 1)
            writer.WriteInt32(Node.Id);
        writer.WriteArray(topics.ToList(), topic => WriteTopic(writer, version, topic));
        if (version is >= 8 and <= 10)
            writer.WriteInt32(int.MinValue); // authorized operations of the cluster
    }

    public static void InitProducerId(Exchange exchange)
    {
        var (reader, writer, _) = exchange;
        var isTransactional = reader.ReadNullableString() is not null;
        writer.WriteThrottleTime();
        writer.WriteError(isTransactional ? ErrorCode.TransactionalIdAuthorizationFailed : ErrorCode.None);
        // A random ID is unique without a counter on the disk.
        writer.WriteInt64(isTransactional ? -1 : Random.Shared.NextInt64());
        writer.WriteInt16((short)(isTransactional ? -1 : 0));
    }

    private static TopicLookup Find(TopicStore topics, Guid id, string? name, bool allowAutoCreation)
    {
        if (name is null)
        {
            return topics.Find(id) is { } known
                ? new(ErrorCode.None, known.Name, known)
                : new(ErrorCode.UnknownTopicId, null, null) { Id = id };
        }

        if (topics.Find(name) is { } existing)
            return new(ErrorCode.None, name, existing);
        var noOverrides = new Dictionary<string, string>();
        var error = topics.Create(name, partitions: -1, noOverrides, validateOnly: !allowAutoCreation, out var created);
        if (created is not null)
            return new(ErrorCode.None, name, created); // by this request, or by another one meanwhile
        return new(error == ErrorCode.None ? ErrorCode.UnknownTopicOrPartition : error, name, null);
    }

    private static void WriteTopic(MessageWriter writer, short version, TopicLookup topic)
    {
        writer.WriteError(topic.Error);
        writer.WriteString(topic.Name);
        if (version >= 10)
            writer.WriteGuid(topic.Topic?.Id ?? topic.Id);
        if (version >= 1)
            writer.WriteBool(false); // not internal
        writer.WriteArray(Enumerable.Range(0, topic.Topic?.Partitions.Length ?? 0).ToList(), partition =>
        {
            writer.WriteError(ErrorCode.None);
            writer.WriteInt32(partition);
            writer.WriteInt32(Node.Id); // leader
            if (version >= 7)
                writer.WriteInt32(Partition.LeaderEpoch);
            writer.WriteArray([Node.Id], writer.WriteInt32, itemsAreStructures: false); // replicas
            writer.WriteArray([Node.Id], writer.WriteInt32, itemsAreStructures: false); // in-sync replicas
            if (version >= 5)
                writer.WriteArrayLength(0); // offline replicas
        });
        if (version >= 8)
            writer.WriteInt32(int.MinValue); // authorized operations of the topic
    }

    private sealed record TopicLookup(ErrorCode Error, string? Name, Topic? Topic)
    {
        public Guid Id { get; init; }
    }
}
