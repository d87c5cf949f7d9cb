using ForgeShop.Contracts.Audit;
using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>All collections of the shop, as its services describe them now.</summary>
/// <param name="targets">The collections.</param>
/// <param name="positions">The positions of the outboxes at the time of the description, by service.</param>
internal sealed class AuditedShop(IReadOnlyList<AuditTarget> targets, IReadOnlyDictionary<string, OutboxPosition> positions)
{
    public IReadOnlyList<AuditTarget> Targets => targets;

    public IReadOnlyDictionary<string, OutboxPosition> Positions => positions;

    public IEnumerable<AuditTarget> Outboxes => targets.Where(target => target.IsEventCollection && target.Collection.IsAuthority);

    /// <summary>Gets the approximate number of entries; null if nothing is known. A copy is as large as its authority.</summary>
    public long? Estimate => targets.Sum(target =>
        target.Collection.Estimate ?? AuthorityOf(target.Collection.EntityType)?.Collection.Estimate) is > 0 and var estimate
            ? estimate : null;

    public AuditTarget? Find(string name) => targets.FirstOrDefault(target => target.Name == name);

    /// <summary>Returns the collection that decides which entities of a type exist.</summary>
    public AuditTarget? AuthorityOf(string entityType) => targets.FirstOrDefault(target =>
        target.Collection.IsAuthority && target.Collection.EntityType == entityType && !target.IsEventCollection);

    /// <summary>Returns the collections that must hold an entity of a type and group.</summary>
    public IEnumerable<AuditTarget> CompleteCopiesOf(string entityType) => targets.Where(target =>
        target.Collection is { IsComplete: true, IsAuthority: false } && target.Collection.EntityType == entityType);

    /// <summary>Returns whether the outboxes have published every message that they had at an earlier description.</summary>
    public bool HasPublished(AuditedShop earlier) => earlier.Positions.All(outbox =>
        !positions.TryGetValue(outbox.Key, out var position) || position.HasPassed(outbox.Value.Last));

    /// <summary>Returns the service that publishes to a topic; null for an unknown topic.</summary>
    public static string? OwnerOf(string topic) => topic switch
    {
        Topics.UserEvents => "users",
        Topics.OrderEvents or Topics.InventoryCommands or Topics.PaymentCommands => "orders",
        Topics.InventoryEvents => "inventory",
        Topics.PaymentEvents => "payments",
        Topics.NotificationEvents => "notifications",
        Topics.RecommendationEvents => "recommendations",
        _ => null,
    };
}

/// <summary>Asks the services of the shop for their collections.</summary>
internal sealed class AuditedServices(AuditClient client, IEnumerable<AuditedStore> own, IOptions<AuditOptions> options)
{
    /// <exception cref="HttpRequestException">A service does not answer.</exception>
    public async Task<AuditedShop> DescribeAsync(CancellationToken cancellationToken)
    {
        var services = options.Value.Services.Count > 0 ? options.Value.Services : AuditOptions.Shop;
        var catalogues = await Task.WhenAll(
            services.Select(service => client.SendAsync<AuditCatalogue>(service, "", null, cancellationToken)));
        var targets = from catalogue in catalogues
                      from collection in catalogue.Collections
                      let store = new RemoteStore(client, catalogue.Service, collection)
                      select new AuditTarget(catalogue.Service, collection, store);
        var ownTargets = await Task.WhenAll(own.Select(async store => new AuditTarget(
            "reporting", store.Collection with { Estimate = await store.EstimateAsync(cancellationToken) }, store)));
        return new(
            [.. targets, .. ownTargets],
            catalogues.Where(catalogue => catalogue.Outbox is not null)
                .ToDictionary(catalogue => catalogue.Service, catalogue => catalogue.Outbox!));
    }
}
