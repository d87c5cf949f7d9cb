namespace ForgeShop.TestSupport;

/// <summary>The container images of the tests' servers: the same tags as in the AppHost.</summary>
internal static class Images
{
    public const string Postgres = "postgres:18.3";
    public const string Redis = "redis:8.6";
    public const string Kafka = "apache/kafka:4.3.1";
    public const string Mongo = "mongo:8.2";
}
