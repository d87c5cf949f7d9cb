namespace ForgeShop.Benchmarks.Pipelines;

/// <summary>Where a pipeline keeps its rows and messages.</summary>
/// <param name="Database">The connection string of a database of its own, which is created.</param>
/// <param name="Kafka">The bootstrap servers.</param>
/// <param name="Topic">The topic, which is also the name of the consumer group.</param>
internal sealed record PipelineSettings(string Database, string Kafka, string Topic)
{
    public const int Partitions = 6;
}
