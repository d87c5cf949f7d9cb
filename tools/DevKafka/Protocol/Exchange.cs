namespace ForgeShop.DevKafka.Protocol;

/// <summary>One request and the response to it.</summary>
internal sealed class Exchange(Broker broker, short version, MessageReader reader, MessageWriter writer)
{
    public Broker Broker => broker;

    public short Version => version;

    public required string ClientId { get; init; }

    public required string ClientHost { get; init; }

    /// <summary>Gets the token that is cancelled when the broker stops.</summary>
    public required CancellationToken Stopping { get; init; }

    /// <summary>Gets or sets whether the client expects a response; false only for Produce with acks=0.</summary>
    public bool HasResponse { get; set; } = true;

    public void Deconstruct(out MessageReader requestReader, out MessageWriter responseWriter, out short requestVersion) =>
        (requestReader, responseWriter, requestVersion) = (reader, writer, version);

    /// <summary>
    /// Reads an array of structures and writes one of the same length. The action reads the fields of one item and writes its answer.
    /// </summary>
    public void MapArray(Action mapItem)
    {
        var length = Math.Max(0, reader.ReadArrayLength());
        writer.WriteArrayLength(length);
        for (var i = 0; i < length; i++)
        {
            mapItem();
            reader.SkipTags();
            writer.WriteTags();
        }
    }

    /// <summary>Does what <see cref="MapArray"/> does for topics and their partitions, which most requests consist of.</summary>
    public void MapPartitions(Action<string, int> mapPartition) => MapArray(() =>
    {
        var topic = reader.ReadString();
        writer.WriteString(topic);
        MapArray(() =>
        {
            var partition = reader.ReadInt32();
            writer.WriteInt32(partition);
            mapPartition(topic, partition);
        });
    });
}
