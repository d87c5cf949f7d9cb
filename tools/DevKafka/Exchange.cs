namespace ForgeShop.DevKafka;

/// <summary>One request and the response to it.</summary>
/// <param name="NextRequest">A task that ends when the connection's next request has arrived, or when the connection is closed.</param>
/// <param name="Stopping">A token that is cancelled when the broker stops.</param>
internal sealed record Exchange(
    Broker Broker, short Version, string ClientId, MessageReader Reader, MessageWriter Writer, Task NextRequest, CancellationToken Stopping)
{
    public void Deconstruct(out Broker broker, out MessageReader reader, out MessageWriter writer) =>
        (broker, reader, writer) = (Broker, Reader, Writer);

    /// <summary>Reads an array and writes one of the same length. The action reads the fields of one item and writes its answer.</summary>
    public void MapArray(Action mapItem)
    {
        var length = Math.Max(0, Reader.ReadArrayLength());
        Writer.WriteInt32(length);
        for (var i = 0; i < length; i++)
            mapItem();
    }

    /// <summary>Maps topics and their partitions like <see cref="MapArray"/>; most requests consist of them.</summary>
    public void MapPartitions(Action<string, int, Partition?> mapPartition) => MapArray(() =>
    {
        var topic = Reader.ReadString();
        Writer.WriteString(topic);
        MapArray(() =>
        {
            var index = Reader.ReadInt32();
            Writer.WriteInt32(index);
            mapPartition(topic, index, Broker.Topics.FindPartition(topic, index));
        });
    });
}
