using System.Text.Json;
using StackExchange.Redis;

namespace ForgeShop.Operator.Demo;

/// <summary>Reads the caches directly: both the key and the cached JSON in the field data contain the ID.</summary>
internal static class RedisStoredIds
{
    private const string Store = "Redis";

    public static async Task<List<StoredId>> ReadAsync(string server, DemoStory story)
    {
        using var redis = await ConnectionMultiplexer.ConnectAsync(server);
        var database = redis.GetDatabase();
        return
        [
            await Find("user", $"user:{story.User}"),
            await Find("order", $"order:{story.Order}"),
        ];

        async Task<StoredId> Find(string entity, string key)
        {
            var value = await database.HashGetAsync(key, "data");
            using var entry = value.HasValue ? JsonDocument.Parse((string)value!) : null;
            Guid? found = entry?.RootElement.GetProperty("value").GetProperty("id").GetGuid();
            return new StoredId(entity, Store, key[..key.IndexOf(':', StringComparison.Ordinal)] + ":{id}", found);
        }
    }
}
