using System.Globalization;
using Microsoft.AspNetCore.Mvc;

namespace ForgeShop.Auditing;

public static class AuditEndpoints
{
    /// <summary>
    /// Maps the audit protocol of a service (docs/audit.md): what its own stores hold, in pages. The gateway does not route it, and only
    /// the auditor's token has the permission.
    /// </summary>
    public static void MapAudit(this IEndpointRouteBuilder routes, string service)
    {
        var answers = new AuditAnswers(service);
        var audit = routes.MapGroup("/internal/audit").RequirePermission(Permissions.InternalAudit).ExcludeFromDescription();
        audit.MapGet("/", answers.DescribeAsync);
        audit.MapGet("/{collection}", answers.PageAsync);
        audit.MapPost("/{collection}/lookup", answers.LookUpAsync);
        audit.MapPost("/{collection}/repair", AuditAnswers.RepairAsync);
    }
}

internal sealed class AuditAnswers(string service)
{
    private const int DefaultItems = 500;
    private const int MaxRepairs = 200;

    public async Task<IResult> DescribeAsync([FromServices] IEnumerable<AuditedStore> stores, CancellationToken cancellationToken)
    {
        OutboxPosition? outbox = null;
        var collections = new List<AuditedCollection>();
        foreach (var store in stores)
        {
            outbox ??= await store.PositionAsync(cancellationToken);
            collections.Add(store.Collection with { Estimate = await store.EstimateAsync(cancellationToken) });
        }
        return Json(new AuditCatalogue(service, outbox, collections));
    }

    public async Task<IResult> PageAsync(
        string collection, string? after, string? limit, [FromServices] IEnumerable<AuditedStore> stores,
        CancellationToken cancellationToken)
    {
        if (Find(stores, collection) is not { } store)
            return NotFound();
        var count = DefaultItems;
        if (limit is not null
            && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > AuditPage.MaxItems))
            return Problems.Validation("limit", $"A page has 1 to {AuditPage.MaxItems} entries.");
        try
        {
            var page = await store.PageAsync(after, count, cancellationToken);
            return Json(new AuditPage(service, collection, store.Collection.EntityType, page.Items, page.Next));
        }
        catch (FormatException)
        {
            return Problems.Validation("after", "This is not a cursor from an earlier page.");
        }
    }

    public async Task<IResult> LookUpAsync(
        string collection, AuditLookup body, [FromServices] IEnumerable<AuditedStore> stores, CancellationToken cancellationToken)
    {
        if (Find(stores, collection) is not { } store)
            return NotFound();
        if (body.Ids.Count > AuditPage.MaxItems)
            return Problems.Validation("ids", $"At most {AuditPage.MaxItems} IDs.");
        var found = body.IdsOnly
            ? await store.FindIdsAsync(body.Ids, cancellationToken)
            : await store.LookupAsync(body.Ids, cancellationToken);
        return Json(new AuditPage(service, collection, store.Collection.EntityType, found, null));
    }

    public static async Task<IResult> RepairAsync(
        string collection, AuditRepair body, [FromServices] IEnumerable<AuditedStore> stores, CancellationToken cancellationToken)
    {
        if (Find(stores, collection) is not { } store)
            return NotFound();
        if (!store.Collection.CanRepair)
            return Problems.Unprocessable("not-repairable", "This collection is only reported.");
        return body.Ids.Count > MaxRepairs
            ? Problems.Validation("ids", $"At most {MaxRepairs} IDs.")
            : Json(new AuditRepaired(await store.RepairAsync(body, cancellationToken)));
    }

    private static AuditedStore? Find(IEnumerable<AuditedStore> stores, string collection) =>
        stores.FirstOrDefault(store => store.Collection.Name == collection);

    private static ProblemResult NotFound() => Problems.NotFound("collection-not-found", "There is no such collection.");

    private static IResult Json<T>(T answer) => Results.Json(answer, ContractsJson.Options);
}
