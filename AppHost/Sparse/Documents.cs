namespace ForgeShop.AppHost;

internal static class Documents
{
    /// <summary>Where MongoDB cannot be had, documents live in PostgreSQL, in databases of their own.</summary>
    public static IResourceBuilder<PostgresServerResource> AddDocuments(
        this IDistributedApplicationBuilder builder, string name, IResourceBuilder<PostgresServerResource> postgres) => postgres;
}
