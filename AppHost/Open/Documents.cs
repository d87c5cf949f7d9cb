namespace ForgeShop.AppHost;

internal static class Documents
{
    /// <summary>Documents live in MongoDB.</summary>
    public static IResourceBuilder<MongoDBServerResource> AddDocuments(
        this IDistributedApplicationBuilder builder, string name, IResourceBuilder<PostgresServerResource> postgres) =>
        builder.AddMongoDB(name).WithDataVolume(builder.DataVolume(name));
}
