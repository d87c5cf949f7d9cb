using ForgeShop.Api;
using OpenTelemetry.Trace;

namespace ForgeShop.Documents;

public static class DocumentsExtensions
{
    /// <summary>
    /// Adds the document store of the connection string <paramref name="connectionName"/>: MongoDB for <c>mongodb://</c> and
    /// <c>mongodb+srv://</c>, otherwise PostgreSQL. <c>/health</c> is healthy while the store answers.
    /// </summary>
    /// <exception cref="InvalidOperationException">The connection string is missing.</exception>
    public static void AddDocuments(this IHostApplicationBuilder builder, string connectionName)
    {
        var connectionString = builder.Configuration.GetConnectionString(connectionName);
        if (string.IsNullOrWhiteSpace(connectionString))
            throw new InvalidOperationException($"The document store has no connection string. Set ConnectionStrings:{connectionName}.");
        builder.Services.AddSingleton<IDocumentStore>(services => connectionString.StartsWith("mongodb", StringComparison.Ordinal)
            ? MongoDocumentStore.Open(connectionString, services.GetRequiredService<ILoggerFactory>())
            : PostgresDocumentStore.Open(connectionString, connectionName, services.GetRequiredService<ILoggerFactory>()));
        builder.Services.Configure<OutageOptions>(outages => outages.Conditions.Add(DocumentStoreErrors.IsTransient));
        builder.Services.AddHealthChecks().Add(new(
            "documents", services => services.GetRequiredService<IDocumentStore>(), null, null, TimeSpan.FromSeconds(5)));
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource("MongoDB.Driver"));
    }
}
