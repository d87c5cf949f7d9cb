using System.Text.Json.Serialization.Metadata;
using ForgeShop.Contracts.Audit;

namespace ForgeShop.Reporting;

/// <summary>A collection of one service, as the auditor reads it.</summary>
internal abstract class AuditTarget(string service, AuditedCollection collection)
{
    public string Service => service;

    public AuditedCollection Collection => collection;

    /// <summary>Gets the name in reports: <c>orders/cache</c>.</summary>
    public string Name => $"{service}/{collection.Name}";

    public bool IsEventCollection => collection.EntityType == "events";

    public abstract Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken);

    public abstract Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken);

    protected abstract Task<IReadOnlyList<AuditEntry>> LookupAsync(Guid[] ids, bool idsOnly, CancellationToken cancellationToken);

    /// <summary>Returns the entries of these IDs that exist, in batches of the protocol's size.</summary>
    public async Task<Dictionary<Guid, AuditEntry>> FindAsync(IEnumerable<Guid> ids, CancellationToken cancellationToken)
    {
        var found = new Dictionary<Guid, AuditEntry>();
        foreach (var batch in ids.Distinct().Chunk(AuditPage.MaxItems))
        {
            foreach (var entry in await LookupAsync(batch, false, cancellationToken))
                found[entry.Id] = entry;
        }
        return found;
    }

    /// <summary>Returns those of the IDs that have an entry.</summary>
    public async Task<HashSet<Guid>> FindIdsAsync(IEnumerable<Guid> ids, CancellationToken cancellationToken)
    {
        var found = new HashSet<Guid>();
        foreach (var batch in ids.Distinct().Chunk(AuditPage.MaxItems))
            found.UnionWith((await LookupAsync(batch, true, cancellationToken)).Select(entry => entry.Id));
        return found;
    }
}

/// <summary>A collection of Reporting itself.</summary>
internal sealed class OwnTarget(AuditedStore store) : AuditTarget("reporting", store.Collection)
{
    public override Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken) =>
        store.PageAsync(after, limit, cancellationToken);

    public override Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken) =>
        store.RepairAsync(repair, cancellationToken);

    protected override Task<IReadOnlyList<AuditEntry>> LookupAsync(Guid[] ids, bool idsOnly, CancellationToken cancellationToken) =>
        idsOnly ? store.FindIdsAsync(ids, cancellationToken) : store.LookupAsync(ids, cancellationToken);
}

/// <summary>A collection of another service, over HTTP.</summary>
internal sealed class RemoteTarget(AuditClient client, string service, AuditedCollection collection) : AuditTarget(service, collection)
{
    public override async Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        var cursor = after is null ? "" : $"&after={Uri.EscapeDataString(after)}";
        var page = await client.GetAsync(
            Service, $"/{Collection.Name}?limit={limit}{cursor}", JsonContext.Default.AuditPage, cancellationToken);
        return new(page.Items, page.Next);
    }

    public override async Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken) =>
        (await client.PostAsync(
            Service, $"/{Collection.Name}/repair", repair, JsonContext.Default.AuditRepair, JsonContext.Default.AuditRepaired,
            cancellationToken)).Items;

    protected override async Task<IReadOnlyList<AuditEntry>> LookupAsync(Guid[] ids, bool idsOnly, CancellationToken cancellationToken) =>
        (await client.PostAsync(
            Service, $"/{Collection.Name}/lookup", new AuditLookup(ids) { IdsOnly = idsOnly }, JsonContext.Default.AuditLookup,
            JsonContext.Default.AuditPage, cancellationToken)).Items;
}

/// <summary>Calls the audit endpoints of other services with this service's own token.</summary>
internal sealed class AuditClient(HttpClient http)
{
    public Task<AuditCatalogue> DescribeAsync(string service, CancellationToken cancellationToken) =>
        GetAsync(service, "", JsonContext.Default.AuditCatalogue, cancellationToken);

    public async Task<T> GetAsync<T>(string service, string path, JsonTypeInfo<T> json, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(Address(service, path), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return await ReadAsync(service, answer, json, cancellationToken);
    }

    public async Task<TAnswer> PostAsync<TBody, TAnswer>(
        string service, string path, TBody body, JsonTypeInfo<TBody> json, JsonTypeInfo<TAnswer> answerJson,
        CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(body, json);
        using var answer = await http.PostAsync(Address(service, path), content, cancellationToken);
        return await ReadAsync(service, answer, answerJson, cancellationToken);
    }

    private static Uri Address(string service, string path) => new($"https+http://{service}/internal/audit{path}");

    private static async Task<T> ReadAsync<T>(
        string service, HttpResponseMessage answer, JsonTypeInfo<T> json, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"The audit endpoint of {service} answered {(int)answer.StatusCode}.");
        return await answer.Content.ReadFromJsonAsync(json, cancellationToken)
            ?? throw new HttpRequestException($"The audit endpoint of {service} answered null.");
    }
}
