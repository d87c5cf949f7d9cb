using ForgeShop.Contracts.Audit;
using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>All collections of the shop, as its services describe them now.</summary>
internal sealed class AuditedShop(IReadOnlyList<AuditTarget> targets, IReadOnlyDictionary<string, OutboxPosition> outboxes)
{
    private readonly Dictionary<string, AuditTarget> _authorities = targets
        .Where(target => target.Collection.IsAuthority && !target.IsEventCollection)
        .DistinctBy(target => target.Collection.EntityType).ToDictionary(target => target.Collection.EntityType);

    public IReadOnlyList<AuditTarget> Targets => targets;

    /// <summary>Gets the outbox positions at the time of the description, by service.</summary>
    public IReadOnlyDictionary<string, OutboxPosition> Outboxes => outboxes;

    /// <summary>Gets the approximate number of entries; null if nothing is known. A copy is as large as its authority.</summary>
    public long? Estimate => targets.Sum(EstimateOf) is > 0 and var estimate ? estimate : null;

    public AuditTarget? Find(string name) => targets.FirstOrDefault(target => target.Name == name);

    /// <summary>Returns the collection that decides which entities of a type exist.</summary>
    public AuditTarget? AuthorityOf(string entityType) => _authorities.GetValueOrDefault(entityType);

    /// <summary>Returns the collections that must hold an entity of a type and group.</summary>
    public IEnumerable<AuditTarget> CompleteCopiesOf(string entityType) => targets.Where(target =>
        target.Collection is { IsComplete: true, IsAuthority: false } && target.Collection.EntityType == entityType);

    /// <summary>Returns the outboxes of the services that publish to one of these topics.</summary>
    public IReadOnlyList<AuditTarget> OutboxesOf(IEnumerable<string> topics)
    {
        var owners = topics.Select(OwnerOf).ToHashSet();
        return [.. targets.Where(target => target.IsEventCollection && target.Collection.IsAuthority && owners.Contains(target.Service))];
    }

    private long EstimateOf(AuditTarget target) =>
        target.Collection.Estimate ?? AuthorityOf(target.Collection.EntityType)?.Collection.Estimate ?? 0;

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
    public IReadOnlyList<string> Names => options.Value.Services.Count > 0 ? [.. options.Value.Services] : AuditOptions.Shop;

    /// <exception cref="HttpRequestException">A service does not answer.</exception>
    public async Task<AuditedShop> DescribeAsync(CancellationToken cancellationToken)
    {
        var catalogues = await Task.WhenAll(Names.Select(service => client.DescribeAsync(service, cancellationToken)));
        List<AuditTarget> targets =
        [
            .. from catalogue in catalogues
               from collection in catalogue.Collections
               select new RemoteTarget(client, catalogue.Service, collection),
            .. own.Select(store => new OwnTarget(store)),
        ];
        return new(
            targets,
            catalogues.Where(catalogue => catalogue.Outbox is not null)
                .ToDictionary(catalogue => catalogue.Service, catalogue => catalogue.Outbox!));
    }
}
