using ForgeShop.Documents.Mongo;
using ForgeShop.Documents.Postgres;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ForgeShop.Documents;

public static class DocumentsExtensions
{
    /// <summary>
    /// Adds the document store that the connection string <paramref name="connectionName"/> leads to: MongoDB for <c>mongodb://</c> and
    /// <c>mongodb+srv://</c>, else PostgreSQL. Its collections are created when the program starts; <c>/health</c> is green afterwards.
    /// </summary>
    public static IHostApplicationBuilder AddDocuments(this IHostApplicationBuilder builder, string connectionName, Action<DocumentsBuilder>? configure = null)
    {
        builder.Services.AddSingleton(services => Open(services, connectionName));
        builder.Services.AddHostedService<DocumentSetup>();
        builder.Services.AddHealthChecks().AddCheck<DocumentsHealthCheck>("documents");
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddSource("Npgsql", "MongoDB.Driver"));
        builder.Services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddMeter("Npgsql"));
        configure?.Invoke(new(builder.Services));
        return builder;
    }

    private static IDocumentStore Open(IServiceProvider services, string connectionName)
    {
        var connectionString = services.GetRequiredService<IConfiguration>().GetConnectionString(connectionName);
        if (string.IsNullOrWhiteSpace(connectionString))
            throw new InvalidOperationException($"There is no connection string for the documents: set ConnectionStrings:{connectionName}.");
        var logging = services.GetRequiredService<ILoggerFactory>();
        if (MongoDocumentStore.Serves(connectionString))
            return MongoDocumentStore.Open(connectionString, logging);

        var database = new NpgsqlDataSourceBuilder(connectionString) { Name = connectionName };
        database.UseLoggerFactory(logging);
        return new PostgresDocumentStore(database.Build());
    }
}

/// <summary>Declares the collections of a service.</summary>
public sealed class DocumentsBuilder(IServiceCollection services)
{
    public IServiceCollection Services => services;

    /// <summary>Adds a collection; handlers and endpoints ask for <see cref="IDocumentCollection{T}"/>.</summary>
    public DocumentsBuilder Collection<T>(DocumentModel<T> model) where T : class
    {
        services.AddSingleton(provider => provider.GetRequiredService<IDocumentStore>().Collection(model));
        services.AddSingleton<IDocumentCollection>(provider => provider.GetRequiredService<IDocumentCollection<T>>());
        return this;
    }
}
