using System.Globalization;
using System.Text;
using System.Text.Json;
using ForgeShop.Auditing;
using ForgeShop.Contracts.Audit;
using ForgeShop.Forge;

namespace ForgeShop.Caching;

/// <summary>Reads the entries of a cache in Redis, in the order of SCAN. A repair drops entries.</summary>
/// <param name="describe">Describes a view. Its ID comes from the key in Redis.</param>
public sealed class CacheAudit<TView>(
    AuditedCollection collection, string prefix, Func<TView, AuditEntry> describe, IConnectionMultiplexer redis)
    : AuditedStore(collection) where TView : class, ICachedView
{
    private const string Unreadable = "unreadable";

    // As RedisCache and FusionCache write entries: a hash with the field data, whose JSON has the view as "value".
    private const string DataField = "data";
    private const string ValueMember = "value";

    public override async Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        if (after is not null && !ulong.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw new FormatException();
        // SCAN returns an entry once or several times, and every entry that exists during the whole scan.
        var page = (RedisResult[])(await redis.GetDatabase()
            .ExecuteAsync("SCAN", after ?? "0", "MATCH", $"{prefix}:*", "COUNT", limit).WaitAsync(cancellationToken))!;
        var ids = ((string[])page[1]!).Select(key => Uuid.TryParse(key.AsSpan(prefix.Length + 1), out var id) ? id : (Guid?)null)
            .OfType<Guid>().Distinct().ToList();
        var next = (string)page[0]!;
        return new(await LookupAsync(ids, cancellationToken), next == "0" ? null : next);
    }

    public override async Task<IReadOnlyList<AuditEntry>> LookupAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        var entries = await Task.WhenAll(ids.Select(async id =>
        {
            var (data, minimum) = await ReadAsync(id, cancellationToken);
            return Entry(id, data, minimum);
        }));
        return [.. entries.OfType<AuditEntry>()];
    }

    public override async Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken)
    {
        var dropped = new List<RepairedEntry>();
        foreach (var id in repair.Ids)
        {
            if ((await ReadAsync(id, cancellationToken)).Data is { } data
                && await redis.GetDatabase().KeyDeleteAsync(Key(id)).WaitAsync(cancellationToken))
                dropped.Add(new(id, "dropped") { Before = ContentHash.Of(Encoding.UTF8.GetString(data)) });
        }
        return dropped;
    }

    private string Key(Guid id) => $"{prefix}:{Uuid.ToText(id)}";

    private async Task<(byte[]? Data, long Minimum)> ReadAsync(Guid id, CancellationToken cancellationToken)
    {
        try
        {
            var fields = await redis.GetDatabase().HashGetAsync(Key(id), [DataField, VersionedRedis.VersionField])
                .WaitAsync(cancellationToken);
            return (fields[0], fields[1].TryParse(out long minimum) ? minimum : 0);
        }
        catch (RedisServerException)
        {
            return ([], 0); // a key of another type
        }
    }

    private AuditEntry? Entry(Guid id, byte[]? data, long minimum)
    {
        // A key without data holds only the minimum version.
        if (data is null)
            return null;
        try
        {
            using var entry = JsonDocument.Parse(data);
            if (entry.RootElement.GetProperty(ValueMember).Deserialize<TView>(CachingExtensions.Json) is { } view)
                // Readers use no view below the minimum version; the next one replaces it.
                return view.Version < minimum ? null : describe(view) with { Id = id };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // Described below. The message quotes the entry and must not be logged.
        }
        return new(id) { Hashes = new Dictionary<string, string> { ["view"] = Unreadable } };
    }
}

public static class AuditedCaches
{
    /// <summary>Lets the cache answer the audit as the collection <c>cache</c>.</summary>
    public static IServiceCollection AddAuditedCache<TView>(
        this IServiceCollection services, string entityType, string prefix, Func<TView, AuditEntry> describe)
        where TView : class, ICachedView =>
        services.AddSingleton<AuditedStore>(provider => new CacheAudit<TView>(
            new("cache", entityType, "redis") { CanRepair = true }, prefix, describe,
            provider.GetRequiredService<IConnectionMultiplexer>()));
}
