using System.Text.Json;
using System.Text.Json.Nodes;
using ForgeShop.Documents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Load.Chaos;

/// <summary>Reads whole collections of a service from MongoDB or PostgreSQL, depending on the connection string.</summary>
internal sealed class DocumentReader : IDisposable
{
    private readonly IHost _host;

    public DocumentReader(string database, string connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new($"ConnectionStrings:{database}", connectionString)]);
        builder.AddDocuments(database);
        _host = builder.Build();
    }

    public async Task<IReadOnlyList<JsonObject>> ReadAsync(string collection, CancellationToken cancellationToken)
    {
        var model = new DocumentModel<JsonObject>(collection, JsonSerializerOptions.Web);
        var documents = _host.Services.GetRequiredService<IDocumentStore>().Collection(model);
        var read = new List<JsonObject>();
        string? cursor = null;
        do
        {
            var page = await documents.QueryAsync(new DocumentQuery<JsonObject>().Page(cursor, DocumentQuery<JsonObject>.MaximumLimit), cancellationToken);
            read.AddRange(page.Items.Select(found => found.Value));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return read;
    }

    public void Dispose() => _host.Dispose();
}
