using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace ForgeShop.Operator.Demo;

/// <summary>Reads the collections of Reporting directly, from MongoDB or PostgreSQL, depending on the connection string.</summary>
internal static class DocumentStoredIds
{
    private const string Store = "Documents";

    public static async Task<List<StoredId>> ReadAsync(string server, DemoStory story, CancellationToken cancellationToken)
    {
        using var reporting = Open(server, "reporting");

        var customer = await Get(reporting, "customers", story.User.Value);
        var order = await Get(reporting, "orders", story.Order.Value);
        return
        [
            new("user", Store, "reporting.customers", Text(customer?["email"]) == story.Email ? Id(customer?["id"]) : null),
            new("product", Store, "reporting.orders productId", Id(order?["items"]?[0]?["productId"])),
            new("order", Store, "reporting.orders", Id(order?["id"])),
            await Event("event users.user-registered", story.UserRegistered.Value, UserRegistered.Type),
            await Event("event orders.order-placed", story.OrderPlaced.Value, OrderPlaced.Type),
            await Event("event inventory.stock-reserved", story.Reserved.Value, StockReserved.Type),
            await Event("event payments.payment-charged", story.Charged.Value, PaymentCharged.Type),
            await Event("event orders.order-confirmed", story.OrderConfirmed.Value, OrderConfirmed.Type),
            await Event("event notifications.notification-sent", story.NotificationSent.Value, NotificationSent.Type),
        ];

        async Task<StoredId> Event(string entity, Guid id, string type)
        {
            var recorded = await Get(reporting, "events", id);
            return new(entity, Store, "reporting.events", Text(recorded?["type"]) == type ? Id(recorded?["id"]) : null);
        }

        async Task<JsonObject?> Get(IHost database, string collection, Guid id)
        {
            var model = new DocumentModel<JsonObject>(
                collection, (JsonTypeInfo<JsonObject>)JsonSerializerOptions.Web.GetTypeInfo(typeof(JsonObject)));
            return (await database.Services.GetRequiredService<IDocumentStore>().Collection(model).GetAsync(id, cancellationToken))?.Value;
        }
    }

    private static IHost Open(string server, string database)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new($"ConnectionStrings:{database}", Named(server, database))]);
        builder.AddDocuments(database);
        return builder.Build();
    }

    private static string Named(string server, string database) => server.StartsWith("mongodb", StringComparison.Ordinal)
        ? new UriBuilder(server) { Path = "/" + database }.Uri.ToString()
        : new NpgsqlConnectionStringBuilder(server) { Database = database }.ConnectionString;

    private static string? Text(JsonNode? node) => node?.GetValue<string>();

    private static Guid? Id(JsonNode? node) => Forge.Uuid.TryParse(Text(node), out var id) ? id : null;
}
