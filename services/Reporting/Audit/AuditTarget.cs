using ForgeShop.Contracts.Audit;

namespace ForgeShop.Reporting;

/// <summary>A collection of one service, as the auditor reads it.</summary>
internal sealed class AuditTarget(string service, AuditedCollection collection, AuditedStore store)
{
    public string Service => service;

    public AuditedCollection Collection => collection;

    /// <summary>Gets the name in reports: <c>orders/cache</c>.</summary>
    public string Name => $"{service}/{collection.Name}";

    public bool IsEventCollection => collection.EntityType == "events";

    /// <summary>Gets the name if the owner repairs entries, otherwise null.</summary>
    public string? RepairName => collection.CanRepair ? Name : null;

    public Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken) =>
        store.PageAsync(after, limit, cancellationToken);

    public Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken) =>
        store.RepairAsync(repair, cancellationToken);

    /// <summary>Returns the entries of these IDs that exist, in batches of the protocol's size.</summary>
    /// <param name="ids">The IDs.</param>
    /// <param name="idsOnly">Whether the entries need no content.</param>
    public async Task<Dictionary<Guid, AuditEntry>> FindAsync(IEnumerable<Guid> ids, bool idsOnly, CancellationToken cancellationToken)
    {
        var found = new Dictionary<Guid, AuditEntry>();
        foreach (var batch in ids.Distinct().Chunk(AuditPage.MaxItems))
        {
            var entries = idsOnly ? store.FindIdsAsync(batch, cancellationToken) : store.LookupAsync(batch, cancellationToken);
            foreach (var entry in await entries)
                found[entry.Id] = entry;
        }
        return found;
    }

    /// <summary>Returns a finding about this collection that the check of the same entry found.</summary>
    public AuditFinding Finding(Guid id, string state) =>
        new(Name, collection.EntityType, id, state) { Source = new(Name, id) };
}

/// <summary>A collection of another service, read over its audit endpoints.</summary>
internal sealed class RemoteStore(AuditClient client, string service, AuditedCollection collection) : AuditedStore(collection)
{
    public override async Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        var cursor = after is null ? "" : $"&after={Uri.EscapeDataString(after)}";
        var page = await client.SendAsync<AuditPage>(service, $"/{Collection.Name}?limit={limit}{cursor}", null, cancellationToken);
        return new(page.Items, page.Next);
    }

    public override Task<IReadOnlyList<AuditEntry>> LookupAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) =>
        LookupAsync(new AuditLookup(ids), cancellationToken);

    public override Task<IReadOnlyList<AuditEntry>> FindIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) =>
        LookupAsync(new AuditLookup(ids) { IdsOnly = true }, cancellationToken);

    public override async Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken) =>
        (await client.SendAsync<AuditRepaired>(service, $"/{Collection.Name}/repair", repair, cancellationToken)).Items;

    private async Task<IReadOnlyList<AuditEntry>> LookupAsync(AuditLookup lookup, CancellationToken cancellationToken) =>
        (await client.SendAsync<AuditPage>(service, $"/{Collection.Name}/lookup", lookup, cancellationToken)).Items;
}

/// <summary>Calls the audit endpoints of other services with this service's own token.</summary>
internal sealed class AuditClient(HttpClient http)
{
    /// <summary>Gets an answer, or posts a body and gets its answer.</summary>
    public async Task<T> SendAsync<T>(string service, string path, object? body, CancellationToken cancellationToken)
    {
        var json = JsonContext.Default.Options;
        using var request = new HttpRequestMessage(
            body is null ? HttpMethod.Get : HttpMethod.Post, $"https+http://{service}/internal/audit{path}");
        if (body is not null)
            request.Content = JsonContent.Create(body, body.GetType(), null, json);
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"The audit endpoint of {service} answered {(int)answer.StatusCode}.");
        return await answer.Content.ReadFromJsonAsync<T>(json, cancellationToken)
            ?? throw new HttpRequestException($"The audit endpoint of {service} answered null.");
    }
}
